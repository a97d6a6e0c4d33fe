"""Facts told in another language: kept word for word and taught as plain restatements."""

import re
from collections.abc import Sequence

from circadian.night.builders import Draft
from circadian.night.words import bag

_WORDS = frozenset(
    """
    ich mein meine meinen meiner unser unsere heißt heisst ist bin wohne wohnt wohnen haben habe und
    der die das ein eine mit
    mi mis nuestro nuestra se llama vivo vive tengo soy es el la los las un una con trabajo estoy me gusta cumpleaños
    mon ma mes notre je suis j'habite habite habitons s'appelle m'appelle est le les une des avec j'ai travaille
    mio mia nostro nostra si chiama abito abita sono ho il lo gli con lavoro compleanno
    meu minha nosso nossa chama moro mora sou tenho o um uma com trabalho aniversário
    mijn onze heet woon woont ik ben heb het een van met
    mój moja moje nasz nasza nazywa mieszkam mieszka jestem mam się jest w z
    min mitt mina vår heter bor jag är har och en ett jeg er mit vores
    můj moje náš bydlím jmenuje jsem mám je se
    minun nimeni on asun olen
    benim adım yaşıyorum evim
    """.split()
)
_OWN = re.compile(
    r"\b(?:mein\w*|unser\w*|ich|mi|mis|nuestr\w+|yo|mon|ma|mes|notre|je|j'\w+|mio|mia|nostr\w+|meu|minha|noss\w+|"
    r"mijn|onze|ik|"
    r"mój|moja|moje|nasz\w*|min|mitt|vår|jag|jeg|můj|náš|minun|benim|vivo|tengo|soy|abito|moro|mieszkam|bydlím|asun)\b|"
    r"мо[йяеёюи]\w*|наш\w*|(?<!\w)я(?!\w)|мене|меня|我|私|僕|俺|내|나는|제|우리|मेरा|मेरी|मेरे|मैं|هات|اسمي|منزلي|أنا|کلبي|"
    r"ي(?= )|שלי|אני|μου|είμαι|μένω|ฉัน|ผม",
    re.IGNORECASE,
)
END_MARKS = " .!,。։।۔"
# Whole words only: in these scripts vowel signs are no letters to `re`, and such a word begins many another.
_OWN_WORDS = bag(
    "ჩემი ჩემს ჩემმა ჩემო ჩვენი ჩვენს მე ჩვენ իմ իմս մեր আমার আমি আমাদের என் எனது எனக்கு நான் எங்கள் "
    "నా నాకు నేను మా ನನ್ನ ನನಗೆ ನಾನು ನಮ್ಮ "
    "എന്റെ എനിക്ക് ഞാൻ ഞങ്ങളുടെ મારું મારો મારી મારા હું ਮੇਰਾ ਮੇਰੀ ਮੇਰੇ ਮੈਂ माझा माझी माझे माझ्या میرا میری میرے "
    "мій мої моя моє"
)
_ASKS = bag(
    "क्या कौन कहाँ कहां कब कैसे کیا کون کہاں کب چیست کجاست কী কে কোথায় কখন என்ன யார் எங்கே எப்போது ఏమిటి ఎవరు ఎక్కడ ಏನು ಯಾರು എന്ത് ആര് "
    "რა ვინ სად როდის ինչ ով որտեղ երբ"
)
_IS = bag("है हैं हूँ हूं ہے ہیں ہوں છે છું ਹੈ ਹਾਂ է են եմ არის")  # where it ends a sentence
_ENGLISH = bag("the is are my our was and of in to at i we has have with for on a an it")


# Of somebody else: what joins the words of a sentence besides, and "is", which says what anybody may look up.
_JOINS = bag(
    "se en al del su sus que por para muy ya ha a à au aux du sa dans depuis qui di nel nella della per che suo sua "
    "im am zum zur von nach seit ihr sein seine hat jetzt em da na seu sua op naar zijn haar heeft w z na do od"
)
_TELLS_ALL = bag("ist sind war es son era est sont était è sono é são is zijn jest są är er je jsou это является є")


def foreign_draft(text: str, alone: bool = False) -> Draft | None:
    """A plain restatement when the sentence is not English and says something of the speaker's own, or, where it is the
    whole of a message, of somebody by name ("Ana se mudó a Oslo."); else None."""
    words = re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)?", text.lower())
    if not words:
        return None
    other_script = (
        sum(not w.isascii() and not re.match(r"[a-zà-öø-ÿœßąćęłńóśźżčďěňřšťůžğış]+$", w) for w in words)
        > len(words) / 2
    )
    known = [w for w in words if w in _WORDS]
    english = [w for w in words if w in _ENGLISH]
    latin_other = len(known) >= 2 and len(known) > len(english) and len(known) / len(words) >= 0.3
    bare = {w.strip(END_MARKS) for w in text.lower().split()}
    own = _OWN.search(text) or bare & _OWN_WORDS
    joined = len({*words} & (_WORDS | _JOINS)) > 1 + len({*words} & (_ENGLISH - {"in", "a"}))
    others = alone and (other_script or joined) and _of_somebody(text, words)
    if not (own and (other_script or latin_other)) and not others:
        return None
    if bare & _ASKS or re.search("[؟՞;]", text):
        return None
    said = " ".join(text.split()).rstrip(END_MARKS)
    value = _value(said, other_script)
    if not value or (not other_script and value.islower()):
        return None
    last = text.strip()[-1:]
    end = "。" if re.search(r"[\u3040-\u30ff\u4e00-\u9fff]", said) else last if last in "։।۔" else "."
    subject = said.replace(value, "").strip(" ,.。")
    return Draft("statement", subject, value, said + end, f"{subject.lower()}|statement", {"language": "other"})


def _of_somebody(text: str, words: Sequence[str]) -> bool:
    """Whether a sentence begins with a name and has another one or a number, and is no "X is Y"."""
    named = [w for w in re.findall(r"(?<![\w'])\w[\w'.:-]*", text) if w[0].isupper() or w[0].isdigit()]
    begins = bool(named) and ":" not in text and text.startswith(named[0]) and words[0] not in _WORDS | _JOINS
    return begins and len(named) > 1 and not {*words} & _TELLS_ALL


def _value(said: str, other_script: bool) -> str:
    """The name, number or last word, which is what a restatement must bring back."""
    rest = said.split(" ", 1)[1] if " " in said else ""
    names = re.findall(r"\b(?:[^\W\d_a-zà-öø-ÿ][\w'-]+|\d[\d.:]*)(?: [^\W\d_a-zà-öø-ÿ][\w'-]+)*", rest)
    cased = [n for n in names if n[:1].isupper() or n[:1].isdigit()]
    if cased:
        return cased[-1]
    if other_script and " " not in said:
        for mark in ("叫做", "叫", "住在", "是", "は", "в"):
            if mark in said:
                return re.sub(
                    r"(?:です|だ|に住んでいます|といいます|という名前です)$", "", said.split(mark)[-1]
                ).strip()
    words = said.split(" ")
    return next((w for w in reversed(words) if w not in _IS), words[-1]) if len(words) > 1 else said[-3:]
