"""The small dictionary the rule path needs: verb forms, and which nouns and values name the same kind of thing.

Only closed classes and everyday words live here; nothing is tied to one person's life. A word that is missing costs
a wording or a merge, never a wrong fact.
"""


def bag(text: str) -> frozenset[str]:
    """The words of `text`, which reads better here than a list of quoted strings."""
    return frozenset(text.split())


def a_or_an(noun: str) -> str:
    return "an" if noun[:1].lower() in "aeiou" else "a"


# base, past, past participle
_IRREGULAR = """
be was been|have had had|do did done|go went gone|get got got|make made made|take took taken|come came come
give gave given|find found found|keep kept kept|leave left left|lose lost lost|buy bought bought|sell sold sold
pay paid paid|meet met met|sit sat sat|stand stood stood|run ran run|drive drove driven|ride rode ridden
write wrote written|read read read|speak spoke spoken|break broke broken|steal stole stolen|choose chose chosen
wear wore worn|eat ate eaten|drink drank drunk|sing sang sung|swim swam swum|begin began begun|grow grew grown
know knew known|see saw seen|say said said|tell told told|think thought thought|teach taught taught|catch caught caught
bring brought brought|build built built|send sent sent|spend spent spent|lend lent lent|bend bent bent|sleep slept slept
feel felt felt|hold held held|win won won|become became become|fall fell fallen|fly flew flown|draw drew drawn
throw threw thrown|hide hid hidden|bite bit bitten|feed fed fed|lead led led|hear heard heard|hang hung hung
set set set|put put put|cut cut cut|cost cost cost|shut shut shut|hurt hurt hurt|quit quit quit|let let let|hit hit hit
lay laid laid|lie lay lain|rise rose risen|shine shone shone|show showed shown|sew sewed sewn|wake woke woken
forget forgot forgotten|understand understood understood|mean meant meant|light lit lit|dig dug dug|stick stuck stuck
deal dealt dealt|bear bore born|ring rang rung|sink sank sunk|shrink shrank shrunk|sweep swept swept|weep wept wept
sting stung stung|swing swung swung|string strung strung|strike struck struck|split split split|spread spread spread
burst burst burst|slide slid slid|spit spat spat|spring sprang sprung|wring wrung wrung|tread trod trodden
breed bred bred|flee fled fled|grind ground ground|lean leant leant|leap leapt leapt|kneel knelt knelt|bind bound bound
creep crept crept|cling clung clung|swell swelled swollen|mow mowed mown|saw sawed sawn|sow sowed sown|weave wove woven
stride strode stridden|overlook overlooked overlooked|forbid forbade forbidden|withdraw withdrew withdrawn
deal dealt dealt|freeze froze frozen|swear swore sworn|tear tore torn|shake shook shaken|bet bet bet
shoot shot shot|undergo underwent undergone|oversee oversaw overseen|knit knit knit
fling flung flung|slay slew slain|overcome overcame overcome|overtake overtook overtaken|foresee foresaw foreseen
forgive forgave forgiven|mislead misled misled|mistake mistook mistaken|repay repaid repaid|redraw redrew redrawn
undertake undertook undertaken|undo undid undone|unwind unwound unwound|uphold upheld upheld|withhold withheld withheld
withstand withstood withstood|overhear overheard overheard|override overrode overridden|forsake forsook forsaken
outgrow outgrew outgrown|outrun outran outrun|outsell outsold outsold|overthrow overthrew overthrown
oversleep overslept overslept|seek sought sought|broadcast broadcast broadcast|cast cast cast|forecast forecast forecast
rewrite rewrote rewritten|typeset typeset typeset|sublet sublet sublet|strew strewed strewn
dwell dwelt dwelt|stink stank stunk|ghostwrite ghostwrote ghostwritten|hew hewed hewn|foretell foretold foretold
mislay mislaid mislaid|overeat overate overeaten|speed sped sped|beget begot begotten|bereave bereft bereft
beat beat beaten|bleed bled bled|blow blew blown|fight fought fought|prove proved proven|spin spun spun
sling slung slung|strive strove striven|arise arose arisen|thrust thrust thrust
plead pleaded pleaded|sneak sneaked sneaked
"""
IRREGULAR: dict[str, tuple[str, str]] = {
    base: (past, participle)
    for base, past, participle in (row.split() for row in _IRREGULAR.replace("\n", "|").split("|") if row.strip())
}

# The British past, which is the participle, too.
PASTS = {"learnt": "learn", "burnt": "burn", "dreamt": "dream", "spelt": "spell", "spilt": "spill", "spoilt": "spoil"}

_REGULAR = """
abandon accept accommodate acquire adopt admire adore allow announce answer appear apply appoint arrange arrive ask
assign attend avoid bake base baptize belong board boil book borrow brew bury call camp cancel carry celebrate change
charge check christen clean climb close code codename collect commute compete complete compose connect consist contain
contribute cook coordinate cover craft create cross cultivate cure cycle dance date deliver depart describe design
despise detest develop die dine direct discover dislike display divorce donate dream dress drop dump earn edit elect
employ empty enable end engage enjoy enrol enroll enter escape establish exercise exhibit expect expire explore export
face fail farm fear feature ferment file fill film finish fish fit fix follow form found function garden gather glue
graduate guard handle happen harvest hate head heal hike hire host house identify import improve include inherit insist
install intend interview invent invest invite iron jog join judge jump kayak keep kick kiss knit land last launch learn
like limp link list listen live load locate lock log look love maintain manage marry mature measure mentor migrate
mind moor mount move name navigate need neighbour neuter notice number nurse obtain occupy offer open operate order
organise organize originate own paint park pass perform phone pick place plan plant play point polish post pour
practice practise prefer prepare present preserve produce program propose protect provide publish purchase rate
reach receive recommend record recover refer refuse rehearse release rely remember remove rename renovate rent repair
replace report
represent require rescue reserve reside rest retire return review roast roll row sail scare schedule score
serve service settle sew share ship shop sign skate sketch ski smoke snow solve span specialise specialize spin sponsor
sprain stain star start state stay steer stem stop store stream stretch study succeed suffer suggest supply support
surf switch tend test tolerate touch tour trace trade train transfer translate travel treat trek trust try tune turn
twist type unlock upgrade use vaccinate visit volunteer vote wait walk want warn wash watch water weigh welcome
bank bloom whistle wind wish work worship worry yoga study supervise bottle smell
taste host weave carve forge rock
ache adjust adapt aim alarm amuse annoy appoint argue arrest assemble assist attach attack attract ban bang bark bathe
beg bite bless blink block blush bomb bounce bow breed brake breathe brush bubble bump burn burst buzz cackle calm
care cater cause challenge chase chew chirp chop claim clap clip clog coach coat coil collapse comb comfort command
commission complain conduct confess confuse contact convert convince cough count crack crash crawl creak crochet
croak crow crumble cry curl damage dare darn decay decide decorate dedicate deep-fry defend delight demand deposit
descend destroy dip disagree disappear dive divide double doubt doze drag drain dread dribble drift drill drip drown
dry dust dye ease echo embroider emigrate encourage escort exchange excuse exist exit expand export express fancy fasten
favour fetch fence fill finance fire flap flash float flood flow flower fold fool forage forbid force foster found frame
frighten fry fund gaze gild glow glaze grab graft grate graze grease greet grill grin groan groom guide hail halt
hammer hand harm hatch haul haunt hoard hobble honk hook hop hover howl hug hum hunt hurry ignore import impress infect
inform inject insulate interest invest itch jam jingle juggle keel kneel knock knot label ladle lean leap leak level
lick lift limp load loan lodge lubricate lull mail march mark mash match matter melt mend mess migrate milk mix moan
moor mop mount mow mould muck multiply munch nail nap narrow nest nibble nod oil open outlive overlook overwinter owe
pack paddle pad pair park part patch pause pedal peel pickle pile pin pinch plaster plug plough plait point poke pop
possess pot pounce pound preach preside press pretend prevent prick print promise promote prop prune pull pump punch
puncture purr push puzzle quarrel queue race rain rattle react rebuild reckon reduce refill refit reflect regret reign
reheat reject rejoice relax relocate remain rely repeat reproduce resemble resist resole restring result retune
reverse rhyme rinse rip risk rot rub rule ruin rust sack sand satisfy save saw scan scatter scoop scrape scratch
scream screw scrub seal season seat seed separate sharpen shave shelter shield shift shiver shock shovel shrug shuffle
sigh sip skim skip slam slap sleet slice slide slip slow smash smile smoke smuggle snap snatch sneeze sniff snore soak
soothe sort sow sound spare spark sparkle spell spill spit splash splice split spoil spot spray spread spring sprout
squash squat squeak squeal squeeze stack staff stage stamp staple stare starve stash stencil step sting stir stitch
stockpile stoop strap strengthen strike string strip stroke struggle stuff suck suit surprise surround suspect swap
swarm sweep swell swing tack tame tangle tap tape tease tempt terrify thatch thaw thicken thin thread thrive throb
tick tickle tie tighten till tilt time tip tire toast tow trap tread treasure tremble trickle trim trip trouble trust
tuck tug tumble turf twinkle unite unload unpack unveil urge vanish varnish verge wag wail wander warm waste wave wax
laugh miss weaken weave weed weld
whip whirl whisper whistle whitewash widow wind wink wipe wire wobble wrap wreck wrestle wring
accuse achieve act add advise affect agree apologise approve assume babysit behave blame bother calculate canoe carpool
collaborate collide combine communicate compare concentrate confirm confront consult consume continue cope correct
correspond crave curate debate declare define delete demonstrate deny depend deploy deserve determine devote differ
discuss download eliminate emerge encounter ensure entertain evaluate evolve examine exceed expose extend facilitate
freelance gain gamble generate govern homeschool hoover illustrate imply indicate initiate inspect inspire insure
interpret invade investigate involve isolate justify manufacture meditate merge motivate negotiate observe occur oppose
outsource oversee participate perceive postpone predict proceed prohibit proofread pursue qualify raise realize recall
recycle register relate remind renew reopen reschedule resign resolve restock restore reveal revise rotate select
simplify skateboard snowboard solder submit subscribe survive suspend threaten tidy tinker transform undergo vary vape
vomit whittle sculpt shoot moonlight address approach balance benefit blend blog bowl box brief compost contrast
control copy delay draft drum estimate focus golf grade grant heat influence journal lease lecture limit major message
minor monitor object parent patrol pilot pitch podcast process quilt quote referee research request reset reward sense
shape tax temp text transport update upload value vacuum video view tattoo substitute target
yawn yell zip double-lock refurbish inherit retile rewire reroof commission captain chair skipper tutor tend
reek lag depict chime mine angle squint sag hoot gnaw burrow moult hibernate wilt ripen tarnish fade seep steam simmer
smoulder flicker gleam glitter adjoin straddle dangle droop sway revolve glide shove tether lash hem bleach stow
shelve etch engrave chisel hone sift knead distil siphon whisk shred dice pluck shear churn inoculate lacquer
galvanise enamel pave cobble bequeath comprise yield derive permit decline pawn donate bottle muffle nibble bellow
apprentice outlive outgrow overhang overwinter shade predate inhabit haunt guard resemble
abdicate abduct abolish absorb abstain abut accelerate accentuate acclaim accompany accomplish accumulate acquit
adhere adjudicate administer admit admonish adorn afflict aggravate allocate allot allude amass amputate analyse
analyze anchor animate annihilate annotate anoint anticipate appease applaud apportion apprehend arbitrate ascend
ascertain assassinate assert assimilate atone attain attest auction augment authenticate authorise authorize automate
avenge avert avow await awaken baffle banish baptise barricade befriend beguile behead belch belittle bemoan beseech
besiege bestow betray bewitch bicker blister bluff blur boast bombard bootleg bribe bridge broaden bully bungle
butcher cajole calcify calibrate camouflage canonise canvass capitulate capsize captivate capture cart castrate
catalogue catapult categorise cede chant chaperone characterise chastise chauffeur cheat cherish chuckle circulate
circumcise circumnavigate cite clamber clasp classify clatter clench clone clutch coax coerce cohabit coincide collate
colonise colour commandeer commemorate commence commend commiserate compel compensate compile compress compute conceal
concede conceive concoct concur condemn condense confer confide configure confine confiscate conform congregate
conjure conquer consecrate conserve consolidate conspire constitute construct contemplate contend contest contradict
contravene convene converge converse convey cooperate cram cremate cripple criticise crouch cruise crush culminate
curb cushion customise dabble daub dawdle dazzle debut deceive decipher decode decompose decree deem deepen deface
defect defer defuse defy degrade dehydrate delegate deliberate delve demolish demote denote denounce deplore deport
depose depreciate deprive derail designate detain detect deter deteriorate dethrone detonate detour devastate deviate
devour diagnose dictate digest digitise dilute diminish disable disapprove disarm disassemble disband discard discern
disclose discontinue disembark disfigure disguise dishonour dislocate dismantle dismiss dismount disobey disown
dispatch dispense disperse displace dispute disrupt dissect dissolve dissuade distill distinguish distort distract
distribute disturb ditch divert divulge dodge domesticate dominate doodle dote dowse dramatise dredge drool dub duel
dupe dwindle eavesdrop edge eject electrocute electroplate elevate elicit elope elude emancipate embalm embark
embellish embezzle embody emboss embrace emit emulate enact encase enchant encircle enclose encode encompass encroach
endanger endorse endow endure energise enforce engineer engulf enhance enlarge enlighten enlist enrage enrich enslave
entail entangle enthral entice entitle entrust entwine enumerate envelop envy eradicate erase erect erode erupt
escalate espouse evacuate evade evaporate evict evoke exaggerate excavate excel excrete execute exempt exert exhale
exhume exile exonerate exorcise expedite expel explode exploit expropriate extinguish extol extract extradite exude
fabricate falsify falter fascinate fathom feign ferret ferry fertilise fester fiddle filter finalise fixate flatten
flatter flaunt flay flinch flit flock flog flourish fluctuate flunk flush flutter foment forbear forestall forfeit
forgo formulate fortify fossilise fracture fret frolic frown fulfil fulfill fumble fumigate fuse galvanize garnish
garrison germinate gesticulate giggle glare glean gloat glorify gnash gobble gossip grieve grimace grope grovel growl
grumble grunt guarantee gulp gurgle haggle hallmark hallucinate hamper handcraft handwrite harness harpoon heave
heckle herald herd highlight hijack hinder hoist honeymoon honour hospitalise huddle hurl hustle hybridise hydrate
hypnotise idolise ignite illuminate imitate immerse immigrate impair impale impeach imperil impersonate implant
implement implicate implore imprison improvise inaugurate incarcerate incinerate incorporate incubate incur induct
indulge inflate inflict infuriate infuse ingest inhale inhibit innovate inscribe instigate instruct integrate
intensify intercept interfere intern interrogate interrupt intertwine intervene intimidate intoxicate intrigue
introduce intrude inundate invigilate invoke irk irrigate irritate jabber jeer jettison jiggle jilt jostle jot jut
juxtapose kidnap kindle lacerate lament laminate languish laud launder lavish leaflet legalise legislate lengthen
lessen levitate liaise liberate linger liquidate lisp loathe lobby loiter loll loom loosen loot lounge lunge lurch
lure lurk magnify maim malfunction mangle manoeuvre marginalise marinate marvel masquerade massacre massage
materialise maul meander meddle mediate memorise mesmerise mimic mince mingle misbehave misjudge misplace mispronounce
misspell mistreat mistrust mobilise mock moderate modernise modify modulate molt monopolise mope mortgage mourn mumble
mummify murder murmur muse muster mutate mutilate mutiny mutter nag narrate neglect nestle neutralise nickname
nominate normalise notarise notify nourish nudge nullify nurture obey obliterate obsess obstruct officiate ooze opt
optimise orbit ordain ornament oscillate oust outlast outlaw outnumber outrank outsmart outweigh overflow overhaul
overlap overpower overrule overshadow overturn overwhelm oxidise pacify pamper parachute parade paraphrase parboil
partition patent peddle penetrate perch perforate perfume perish perjure permeate perpetuate persecute persevere
persist personify perspire persuade pertain peruse pester petition petrify photocopy photograph pierce pilfer pinpoint
pioneer pirate pivot placate plagiarise plague plead pledge plummet plunder plunge pollard pollinate pollute ponder
popularise populate portray posture potter prattle precede precipitate preen premiere prescribe presume prevail probe
proclaim procrastinate procreate procure prod profess prolong promulgate pronounce propagate propel prophesy prosecute
prosper prostrate protrude provoke prowl pry publicise pulsate pulverise purge purify purloin purport quadruple
quarantine quarry quash quell quench quibble quiver radiate radicalise raffle raid rally ramble ransack ransom ration
ravage reappear rear reassure rebel rebuff rebuke recant recede recite reclaim recline recoil reconcile reconstruct
recount recruit rectify recuperate recur redden redeem redesign refrain refute regain regale regenerate regurgitate
rehabilitate rehouse reimburse reincarnate reiterate rejuvenate relapse relegate relent relinquish relish relive
reminisce remodel renege renounce repaint repel replenish replicate repress reprimand reprint reproach repulse rescind
resent resort resound respond restrain restrict resurface resurrect retail retain retaliate retrace retract retreat
retrieve revel revere revert revisit revive revoke revolt revolutionise ricochet ridicule rivet roam roar rob romp
roof roost rouse rout rove rumble ruminate rummage rupture rustle sabotage sacrifice saddle salivate salute salvage
sanctify sanction sandblast satirise saturate saunter savour scald scamper scavenge scold scorch scorn scour scowl
scramble scrawl scribble scrounge scrutinise scuff scupper scurry scuttle scythe secede seclude secrete sedate seduce
seethe seize sensitise sequester serenade sever shackle shatter shepherd shimmer shirk shoo shriek shrivel shroud
shun shunt shuttle sidestep sieve signify silence silt simulate sire skewer skid skulk slander slaughter sleepwalk
slither slouch slump smear smelt smirk smother smudge snarl sneak sneer snigger snip snoop snooze snort snuffle soar
sob socialise soften sojourn solicit solidify spawn specify speculate sprawl sprinkle sprint spurn spurt sputter
squabble squander squawk squirm squirt stabilise stagger stagnate stalk stall stammer stampede startle steepen
sterilise stifle stipulate stoke straggle straighten strangle stray streak strum strut stunt stutter submerge subside
subsidise subsist succumb sulk summarise summon supersede supplant supplement suppress surmise surpass surrender
surveil survey sustain swagger swallow swathe swelter swerve swindle swipe swirl swish symbolise sympathise
synchronise synthesise tabulate tackle tamper tan tantalise tarry tattle taunt teeter telecommute telegraph telephone
televise terminate terrorise testify thrash throng thrust thump thunder thwart tile tinge tingle toboggan toil toll
topple torment torture toss totter tousle tout trample traverse trawl tremor trespass triple triumph trot trounce
trudge trumpet twang twiddle twirl twitch typify unbutton uncover undercut underestimate underline undermine
understudy undress undulate unearth unfold unfurl unhinge unify unleash unmask unnerve unpick unravel unscrew unsettle
untangle upholster uproot usher usurp utilise utter vacate vacillate validate vandalise vanquish vaporise veer vend
venerate ventilate verify vet vex vibrate vie vilify vindicate violate visualise vocalise voice vouch vow waddle wade
waft waggle waive wallow waltz wane warble ward warp waver weather wheedle wheel wheeze whimper whine whinny whirr
whoop whoosh widen wield wiggle wince woo worsen wriggle wrinkle writhe yearn yelp yodel yoke
advertise afford alter amaze appreciate assess award choke conclude consider defeat educate embarrass excite exclude
faint help hesitate include injure kill lack lower offend punish realise recognise subtract sue thank unfasten inoculate
"""
VERBS: frozenset[str] = frozenset(_REGULAR.split()) | frozenset(IRREGULAR)
# Words that are verbs by form but far more often nouns in a subject ("my school play", "our guest house").
NOUNISH = bag(
    "award defeat help lack play house book program film star study record test form post date list name place "
    "watch water work walk "
    "dance fish garden farm head face land park plant point report rest score ship shop sign snow stain stream "
    "support train travel trade tour number nurse order phone end change check charge cut board base ride run "
    "drive hike brew dream drink cover dress design file finish kick kiss lock log look pass review roll row sail "
    "share show sketch ski state stem stop store surf switch talk taste touch trek trust turn type use visit vote "
    "wait wind wish light set hit cost wash bottle rock smell mind practice yoga iron host lead stand cure spin "
    "sew bet bend feed ring string split spring strike swing bear saw bow burn cause challenge claim clip coach "
    "coat comb command contact count cough crack crash cry damage deposit dip divide drain drill drip dust dye "
    "echo exchange exit fence fire flash flood flower fold force frame fund glaze glow grease grill guide hail "
    "hammer hand harm hatch hook hop hug hunt interest itch jam knock knot label leak level lick lift load loan "
    "mail march mark match mess milk mix mould nail nap nest oil pack pad pair part patch pause pedal pickle pile "
    "pin plaster plug plough pot pound press print promise prop pump punch queue race rain result rhyme rip risk "
    "rot rub rule rust sack sand scan scoop scratch scream screw seal season seat seed shelter shield shift shock "
    "shovel sigh sip skip slice slide slip smile smoke snap sort sound spare spark spell spill spot spray stack "
    "staff stage stamp staple step sting stitch strap stroke struggle suit surprise swarm sweep tack tap tape "
    "thread tick tie till time tip toast trap trim trip trouble tug waste wave wax weed whip whistle wire wreck "
    "zip captain chair skipper tutor bark bite bless bomb pop fry double hobble stuff mop cover light address "
    "approach balance benefit blend blog bowl box brief compost contrast control copy delay draft drum estimate "
    "focus golf "
    "grade grant heat influence journal lease lecture limit major message minor monitor object parent patrol pilot "
    "pitch podcast process quilt quote "
    "referee research request reset reward sense shape tax temp text transport update upload value vacuum video "
    "view tattoo substitute target lag chime mine angle sag steam hem whisk dice churn yield "
    "decline burrow bleach pawn guard haunt shade apprentice "
    "anchor auction bluff blur bridge broadcast butcher camouflage cart cast catalogue catapult chant chaperone "
    "clone clutch colour contest cruise crush curb cushion debut decree defect detour digest discard dispatch "
    "dispute ditch dodge dredge duel edge envy exile exploit extract ferret ferry filter flock flush forecast "
    "fracture fret frown fuse garrison giggle glare gossip grunt guarantee gulp hallmark harness harpoon heave "
    "herald herd highlight honeymoon honour huddle hustle implant intern intrigue lament leaflet loom lounge lunge "
    "lurch lure manoeuvre marvel masquerade massacre massage maul mock mortgage murder murmur muse muster mutiny "
    "nag neglect nickname nudge orbit ornament overflow overhaul overlap parachute parade partition patent perch "
    "perfume petition photocopy photograph pioneer pirate pivot plague pledge plunder plunge posture potter "
    "premiere probe purge quarantine quarry quiver raffle raid rally ramble ransom ration rebel recoil recount "
    "recruit relapse reprint resort retail retreat revel revolt ridicule rivet roar roof roost rupture sabotage "
    "sacrifice saddle salute salvage sanction scald scowl scramble scrawl scribble scythe serenade shackle "
    "shepherd shimmer shriek shroud shuttle sieve silence silt sire skid slander slaughter slump smear smirk "
    "snarl sneer snip snooze snort sob spawn speed sprawl sprint spurt squabble squawk stagger stalk stall stammer "
    "stampede stink streak strut stunt stutter supplement survey swathe swerve swindle swipe swirl swish tackle tan "
    "taunt telegraph telephone thrash throng thrust thump thunder tile tinge tingle toboggan toil toll torment "
    "torture toss traverse trawl tremor trespass triple triumph trot trumpet twang twirl twitch usher vet voice vow "
    "waddle waltz ward warble warp weather wheel wheeze whimper whine whoop wiggle wrinkle yelp yodel yoke "
)

_SAME = """
dog puppy pup doggo hound|cat kitten kitty|bike bicycle|car automobile vehicle|book novel|film movie|wife spouse-f
manager boss supervisor|wifi wi-fi wlan|flat apartment condo|phone cellphone smartphone mobile|mother mom mum mummy mama
father dad daddy papa|grandmother grandma granny nana|grandfather grandpa granddad|kid child|doctor physician gp
birthday birthdate|job occupation profession|language tongue|colour color|favourite favorite|vet veterinarian
holiday vacation|shop store|deadline due-date|gym fitness-studio|company employer firm|sofa couch|tv television
laptop notebook-computer|song track|trip journey|meeting appointment|photo picture|garden yard|password passcode
"""
SAME: dict[str, str] = {
    word.replace("-", " "): group.split()[0]
    for group in _SAME.replace("\n", "|").split("|")
    if group.strip()
    for word in group.split()
}
# What the named things are, so that a question can ask "which instrument" instead of "what".
_KINDS = """
instrument: harp cello violin viola piano guitar banjo mandolin trombone trumpet flute clarinet oboe bassoon
instrument: saxophone sax drums drum accordion ukulele harmonica organ bass tuba horn bagpipes sitar lute recorder
instrument: keyboard fiddle marimba xylophone theremin zither
sport: tennis football soccer badminton squash hockey rugby cricket golf volleyball basketball handball chess
sport: lacrosse baseball softball curling bowls darts billiards polo padel pickleball snooker
coffee: espresso cappuccino latte lungo cortado americano macchiato ristretto mocha doppio affogato filter
coffee: flat_white long_black cold_brew
tea: oolong matcha chamomile rooibos sencha darjeeling assam chai jasmine peppermint hibiscus earl_grey genmaicha
tea: pu-erh lapsang mate
language: swahili hindi finnish norwegian swedish danish icelandic spanish french german italian portuguese dutch
language: polish czech slovak hungarian romanian bulgarian greek turkish arabic hebrew persian farsi urdu bengali
language: tamil mandarin chinese cantonese japanese korean thai vietnamese indonesian malay russian ukrainian
language: georgian armenian basque catalan welsh irish latin esperanto estonian latvian lithuanian croatian
language: serbian slovenian tagalog quechua yoruba zulu
car: fiat lancia saab volvo toyota honda ford opel skoda renault peugeot citroen citroën volkswagen vw audi bmw
car: mercedes mazda nissan subaru suzuki kia hyundai tesla seat dacia mini jaguar porsche lexus jeep chevrolet
car: buick trabant lada alfa_romeo
editor: vim neovim emacs nano vscode sublime helix kakoune pycharm intellij zed notepad
programming_language: python rust java javascript typescript kotlin ruby golang haskell elixir erlang clojure scala
programming_language: perl php fortran cobol julia ocaml lisp c++ c# elm
operating_system: linux ubuntu debian fedora windows macos freebsd arch nixos openbsd mint
"""
DIETS = bag("vegetarian flexitarian pescatarian fruitarian")  # these end like a job
KINDS: dict[str, str] = {
    word.replace("_", " "): kind.replace("_", " ")
    for kind, words in (line.split(": ", 1) for line in _KINDS.strip().splitlines())
    for word in words.split()
}

COLOURS = bag(
    "red blue green black white grey gray yellow orange purple pink brown silver gold golden beige turquoise teal "
    "violet maroon navy cream burgundy lilac"
)
MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
NUMBER_WORDS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
    "hundred",
    "thousand",
]
RELATIVES = bag(
    "wife husband partner spouse girlfriend boyfriend fiancé fiancée fiance fiancee mother mum mom father dad "
    "brother sister son daughter kid child baby grandmother grandma granny grandfather grandpa granddad aunt "
    "uncle cousin nephew niece stepmother stepfather stepson stepdaughter stepbrother stepsister twin godson "
    "goddaughter godfather godmother grandson granddaughter mother-in-law father-in-law sister-in-law "
    "brother-in-law hubby gran nan nanna grandad bro sis stepdad stepmum stepmom gf bf great-aunt great-uncle "
    "half-brother half-sister great-grandmother great-grandfather youngest eldest oldest ex ex-wife ex-husband "
    "ex-boyfriend ex-girlfriend lad lass missus"
)
ROLES = bag(
    "manager boss supervisor doctor dentist teacher tutor coach trainer neighbour neighbor landlord landlady "
    "friend colleague coworker co-worker flatmate roommate housemate lawyer accountant hairdresser barber "
    "therapist physiotherapist mechanic plumber electrician babysitter nanny advisor adviser mentor professor "
    "editor agent boss ceo client assistant secretary gp optician pediatrician paediatrician vet intern student "
    "pupil instructor cleaner gardener buddy bandmate teammate cofounder co-founder psychologist cardiologist "
    "physio osteopath chiropractor housekeeper caretaker gardener milkman postman builder "
    "chef drummer singer bassist guitarist captain driver apprentice trainee producer publisher notary broker butcher "
    "baker florist vicar pastor imam stylist tailor mate bestie classmate deputy co-worker carer lodger tenant "
    "preceptor "
    "dermatologist surgeon nurse midwife priest rabbi director principal headmaster successor predecessor"
)
# What is told of these holds for long: "I keep bees", "my cousin teaches chess"; not "I call the client".
PASSING_VERBS = bag(
    "hurt ache itch watch miss need want think feel guess know mean hope hear see understand agree wonder look try "
    "get go say suppose believe appreciate apologize seem sleep wait walk happen forget notice talk tell ask "
    "let mind thank care expect worry laugh cry fail matter deal check sound count search"
)
LASTING_VERBS = bag(
    "switch plant inherit adopt "
    "be have keep own use drive ride play teach coach study learn work run lead manage collect grow raise breed "
    "build make "
    "bake brew paint sing write wear sleep eat drink take put add store park speak cook sell repair restore fix "
    "knit sew "
    "shoot volunteer serve live belong quit smoke chew cycle swim walk jog hang hold produce do love like hate fear "
    "detest "
    "abhor adore dislike prefer enjoy support follow practise practice maintain feed milk farm fish hunt race sail row "
    "climb dance train tutor translate edit design program code stream commute share rent lease owe weigh measure cost "
    "contain include cover house hide bury board mentor supervise represent organise organize chair publish perform "
    "conduct direct rehearse foster sponsor host cater carve weave forge quilt crochet embroider garden compost "
    "preserve "
    "pickle ferment roast distil mend tune deliver offer employ hunt surf ski skate photograph film record drum busk "
    "overlook face adjoin border depict resemble guard inhabit straddle flank span adorn decorate"
)
FAITHS = bag("catholic christian hindu jewish lutheran muslim orthodox protestant quaker sikh buddhist")
# What somebody is, written with a capital, and no name.
PEOPLES = bag(
    "american australian austrian belgian brazilian british bulgarian canadian catholic chilean chinese christian "
    "colombian croatian cuban czech danish dutch egyptian english eritrean estonian ethiopian european filipino "
    "finnish "
    "french german ghanaian greek hindu hungarian icelandic indian indonesian iranian iraqi irish israeli italian "
    "jamaican "
    "japanese jewish kenyan korean latvian lebanese lithuanian lutheran malaysian mexican moroccan muslim nigerian "
    "norwegian orthodox pakistani peruvian polish portuguese protestant quaker romanian russian scottish serbian sikh "
    "slovak somali spanish swedish swiss syrian taiwanese thai turkish ukrainian vietnamese welsh buddhist argentinian "
    "argentine albanian algerian african asian basque catalan"
)
# "My dog is a Labrador", "our cat is Siamese": what it is, not what it is called.
NO_PETS_NAME = PEOPLES | bag("a an the my our siamese persian burmese maine labrador sick crazy")
MEN = bag(
    "husband father dad brother son grandfather grandpa granddad grandad uncle nephew stepfather stepson stepbrother "
    "godson godfather grandson father-in-law brother-in-law hubby bro stepdad boyfriend landlord"
)
WOMEN = bag(
    "wife mother mum mom sister daughter grandmother grandma granny gran nan nanna aunt niece stepmother stepdaughter "
    "stepsister goddaughter godmother granddaughter mother-in-law sister-in-law sis stepmum stepmom girlfriend landlady"
)
PETS = bag(
    "dog puppy pup cat kitten horse pony hamster rabbit bunny parrot budgie canary goldfish fish tortoise turtle "
    "snake lizard gecko guinea-pig ferret rat mouse hen chicken goat sheep cow donkey pig duck goose chameleon "
    "iguana axolotl spider tarantula budgie collie labrador spaniel terrier poodle beagle dachshund retriever "
    "greyhound whippet corgi pug husky bulldog mutt mare stallion foal calf lamb ram cockatiel cockatoo"
)
# Whom or what one has, as a pattern, the longest first: "my mother-in-law" is no mother.
KIN = "|".join(sorted(RELATIVES | ROLES | PETS, key=len, reverse=True))
PEOPLE = RELATIVES | ROLES
PLACE_NOUNS = bag(
    "home house flat apartment city town village country street address gym school café cafe bar pub restaurant "
    "clinic hospital office park library shop store hotel station airport hike trail beach lake mountain island "
    "bakery market cinema theatre pharmacy museum church club studio university college kindergarten nursery "
    "place venue hometown birthplace vet"
)
DATE_NOUNS = bag(
    "birthday anniversary deadline appointment date wedding day exam interview flight meeting checkup check-up "
    "surgery concert birthdate party conference graduation launch release"
)
NUMBER_NOUNS = bag(
    "number code pin password size age height weight room flat gate platform line seat zip postcode extension "
    "salary rent budget price blood licence license plate score"
)
# Subjects that belong to nobody or to the moment.
NO_OWNER = bag(
    "weather sun moon earth sky world internet universe problem answer question idea code file output result "
    "point thing food traffic news battery error bug test function script line"
)
