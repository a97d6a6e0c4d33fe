"""Other everyday words for things and deeds: nobody asks for the loft key in the words that the attic key was told in.

Only of clauses, whose questions come from what was said; relations that wordings.py knows bring their own words.
Never: a word that is wider than what was said ("relative" for "aunt"), or part of a name.
"""

import re

from circadian.night.grammar import BE, PREPOSITIONS, lemma_of
from circadian.night.words import NOUNISH, bag

# word : what is also said for it, the likeliest first. Longer phrases win over the words in them.
_WORDS = """
attic: loft, top floor / cellar: basement / loft: attic / basement: cellar / larder: pantry / pantry: larder
shed: hut / lounge: living room / living room: lounge, sitting room
hallway: hall, corridor / corridor: hallway / landing: top of the stairs / balcony: terrace / terrace: patio
patio: terrace / kitchen counter: worktop, kitchen top / worktop: counter / stairs: steps, staircase
staircase: stairs / ladder: stepladder / roof tiles: tiles on the roof / roof slates: slates on the roof
fireplace: hearth / chimney: flue / stove: cooker, oven / cooker: stove / oven: cooker / tap: faucet / faucet: tap
bathtub: bath / toilet: loo / bin: trash can / bins: trash cans / washing machine: washer
coffee machine: coffee maker / fridge: refrigerator / freezer: deep-freeze / heater: heating / radiators: heating
television: TV
build server: build machine, build box / file server: file box / home server: home box
laptop: computer / phone: mobile, cell phone / bicycle: bike / bike: bicycle / motorbike: motorcycle
motorcycle: motorbike / car: vehicle / truck: lorry / lorry: truck / boat: vessel / dinghy: little boat
ship: vessel / rowing boat: rowboat / allotment: vegetable plot, garden plot / garden: yard
vegetable garden: vegetable patch / greenhouse: glasshouse / hedge: bushes / lawn: grass / path: track / lane: road
road: street / street: road / fence: railing / pond: pool / sofa: couch / couch: sofa
armchair: easy chair / wardrobe: closet / cupboard: cabinet / cabinet: cupboard / rug: carpet / carpet: rug
curtains: drapes / blanket: cover / quilt: bedspread / pillow: cushion / box: case / tin: can
suitcase: case / backpack: rucksack / rucksack: backpack / purse: handbag / workbench: bench / toolbox: tool case
torque wrench: wrench / saw: handsaw / axe: hatchet / coat: jacket / jacket: coat / jumper: sweater / sweater: jumper
trousers: pants / boots: shoes / glasses: spectacles / watch: wristwatch / wall clock: clock on the wall
umbrella: brolly / papers: documents / documents: papers / certificate: licence / licence: permit
number plate: licence plate / photo: picture / photos: pictures / picture: image / painting: picture
portrait: picture / book: novel / novel: book / film: movie / movie: film / library book: borrowed book
violin: fiddle / fiddle: violin / telescope: spyglass / puppy: dog / kitten: cat / cat: kitty / hens: chickens
chickens: hens / worm bin: compost worms / cows: cattle / breakfast: morning meal
lunch: midday meal / dinner: evening meal / supper: evening meal / soup: broth / sweets: candy / biscuits: cookies
cookies: biscuits / crisps: chips / medicine: remedy / tablets: pills / pills: tablets / ointment: cream
doctor: physician / stomach: belly / mother: mum / father: dad / mum: mother / dad: father / mom: mother
grandmother: grandma, gran / grandfather: grandpa, grandad / gran: grandmother / grandma: grandmother
grandpa: grandfather / grandad: grandfather / wife: spouse / husband: spouse / mother-in-law: spouse's mother
father-in-law: spouse's father / flatmate: housemate / roommate: flatmate / landlord: lessor, house owner
landlady: house owner / boss: manager / manager: boss / colleague: co-worker / coworker: colleague
teacher: instructor / coach: trainer / trainer: coach / kids: children / children: kids / friend: mate / mate: friend
carpenter: joiner / joiner: carpenter / choir: singing group / band: group
conductor: music director / choir practice: choir rehearsal, choir / club: society / society: club / team: crew, side
committee: board / company: firm / firm: company / office: workplace / shop: store / bakery: baker's
supermarket: grocery store / pharmacy: chemist's / chemist's: pharmacy / course: class / class: course / lesson: class
lessons: classes / exam: test / test: exam / flat: apartment / apartment: flat / vet: veterinarian / kid: child
gym: fitness studio / song: track / partner: other half / neighbor: neighbour / client: customer / customer: client
village: small town / training: course / job: occupation, work / salary: pay / wages: pay
mortgage: house loan / holiday: vacation / vacation: holiday / trip: journey / party: celebration / festival: fair
meeting: appointment, get-together / deadline: due date / appointment: meeting / neighbourhood: area
cemetery: graveyard / password: passcode / wifi: wireless network / website: web page / app: program
spare: extra / small: little / little: small / secondhand: used / second-hand: used / used: second-hand
big: large / large: big / elder: older
tiny: very small / huge: very big
"""
_DEEDS = """
store: keep / hide: conceal, stash / put: leave / park: leave / repair: fix, mend
fix: repair, mend / mend: repair, fix / service: look after / restore: repair / buy: purchase, get
purchase: buy / pay: spend / cost: come to / lend: loan / borrow: get / give: hand
donate: give / inherit: get / receive: get / swap: exchange, trade / trade: swap, exchange / exchange: swap / win: get
find: discover / own: have, possess / collect: gather / need: require / want: wish for
make: create / build: construct, put up / create: make / carve: cut / knit: make / sew: stitch / weave: make
paint: colour / compose: write / draw: sketch / design: plan / print: publish / bake: make / cook: prepare, make
brew: make / eat: have / drink: have / grow: raise / plant: grow, put in / sow: plant / water: sprinkle
pick: choose, harvest / breed: raise, keep / raise: rear / milk: tend / train: practise
ride: use / cycle: bike, ride / bike: cycle / walk: go on foot / swim: bathe / travel: go / go: travel
commute: travel / fly: go / meet: come together / rehearse: practise, play / practise: rehearse, train
perform: play / sing: perform / play: perform / study: learn / show: teach / visit: go to
call: phone, ring / phone: call, ring / ring: call / live: reside / rent: lease / lease: rent
share: split / use: employ / clean: wash / wash: clean / scrape: get / polish: shine / oil: grease / bleed: vent
descale: clean / sharpen: grind / empty: clear out / fill: top up / light: start / open: unlock / close: shut
shut: close / lock: secure / start: begin / begin: start / finish: end / end: finish / expire: run out
last: go on / happen: take place / arrive: get in / return: give back / renew: extend
cancel: call off / measure: be / weigh: tip the scales at / hold: take / wear: put on / carry: take along
bring: take / send: post / deliver: bring / order: ask for / choose: pick / decide: settle / plan: intend
organise: run / organize: run / manage: run / host: hold / help: assist / babysit: mind
adopt: take in / marry: wed / hire: employ / support: back / follow: support / watch: look at / read: look at
listen: hear / record: tape / photograph: take pictures of / film: record / hate: dislike / love: adore / like: enjoy
enjoy: like / prefer: like better / fear: be afraid of / remember: recall / forget: not remember / produce: make
name: call / dislike: hate / moor: dock / move: relocate / relocate: move / depart: leave / land: touch down
join: become a member of / break: damage / damage: break / crack: break / burn: scorch
injure: hurt / hurt: injure / cut: trim / trim: cut / tear: rip
"""


def _table(text: str) -> dict[str, tuple[str, ...]]:
    entries = (entry.split(": ") for line in text.strip().splitlines() for entry in line.split(" / "))
    return {word.strip(): tuple(o.strip() for o in others.split(",")) for word, others in entries}


WORDS = _table(_WORDS)
DEEDS = _table(_DEEDS)
_ANY_WORD = re.compile(rf"(?<![\w'-])(?:{'|'.join(sorted(map(re.escape, WORDS), key=len, reverse=True))})(?![\w'-])")


_OF_A_THING = re.compile(
    r"\b(the|my|our) ((?:[a-z-]+ )?)(keys?|door|lid|code|password|lock|handle|charger|remote) (?:to|for|of) "
    r"(?:the|my|our) ([a-z-]+)"
    r"(?=[?.,]| (?:is|are|was|were|do|does|did|has|hang|hangs|kept|in|on|at|with)\b)"
)
# What stands before a noun; all others are nouns themselves, and no half of a compound ("carpet cleaner").
_BEFORE_VERBS = bag("I we he she they always never ever only usually to not often")
_KINDS = bag("spare small little secondhand second-hand used big large elder tiny huge")


def reworded(question: str) -> list[str]:
    """The question with "the spare boathouse key" for "the spare key to the boathouse", then with other words for its
    things: once with the likeliest of each, once with the next."""

    def turned(at: int) -> str:
        said = _ANY_WORD.sub(lambda m: WORDS[m[0]][at] if _stands_free(m, question) else m[0], question)
        return with_article(said)

    compound = _OF_A_THING.sub(r"\1 \2\4 \3", question)
    return [text for text in dict.fromkeys([compound, turned(0), turned(-1)]) if text != question]


def with_article(text: str) -> str:
    """ "a attic" → "an attic", "an loft" → "a loft"."""
    text = re.sub(r"\b([Aa]) (?=[aeio])", r"\1n ", text)
    return re.sub(r"\b([Aa])n (?=[b-df-gj-np-tv-z])", r"\1 ", text)


def _stands_free(found: re.Match[str], question: str) -> bool:
    following = re.match(r" ([A-Za-z-]+)", question[found.end() :])
    before = re.search(r"(\w+) $", question[: found.start()])
    if found[0] in _KINDS:
        return following is not None and following[1].lower() not in (*PREPOSITIONS, *BE)  # "How big is …?"
    if before is not None and before[1] in _BEFORE_VERBS:
        return False  # "What do I always book?"
    if following is None or following[1] in (*BE, *PREPOSITIONS, "and", "that", "which"):
        return True
    verb = lemma_of(following[1])
    return verb is not None and verb[0] not in NOUNISH  # "food bank": the half of a word
