"""Words of a made-up life. Names and places are invented or so common that they mean nobody."""

# fmt: off
NAMES = (
    "Ada", "Bruno", "Carla", "Dario", "Elif", "Fiona", "Goran", "Hana", "Ivo", "Jasmin", "Karim", "Lena", "Milo",
    "Nadia", "Oskar", "Paula", "Quentin", "Rosa", "Sven", "Tamar", "Ulla", "Viktor", "Wanda", "Yusuf", "Zoe", "Amara",
    "Boris", "Celine", "Dimitri", "Esther", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Kira", "Leon", "Maren", "Nils",
    "Olga", "Pietro", "Rania", "Selma", "Tomas", "Vera", "Wim", "Xenia", "Yara", "Zeno", "Alma", "Basil", "Clara",
    "Doro", "Emil", "Flora", "Gustav", "Hedda", "Igor", "Jette", "Kaspar", "Livia", "Mats", "Nora", "Otis", "Petra",
    "Rafael", "Sanna", "Theo",
)
RELATIVES = (
    "mother", "father", "sister", "brother", "grandmother", "grandfather", "aunt", "uncle", "cousin", "niece",
    "nephew", "mother-in-law", "stepbrother", "godmother",
)
FRIENDS = (
    "best friend", "neighbour", "boss", "flatmate", "piano teacher", "dentist", "landlord", "colleague",
    "running partner", "hairdresser", "oldest school friend", "doctor", "chess partner", "gym trainer", "pen pal",
    "Spanish teacher", "choir leader", "mechanic", "babysitter", "bandmate", "climbing partner", "travel companion",
    "study partner", "gardener", "accountant",
)
CITIES = (
    "Ashford", "Bergen", "Coimbra", "Delft", "Esbjerg", "Freiburg", "Ghent", "Haarlem", "Innsbruck", "Jaca",
    "Kilkenny", "Lucca", "Malmo", "Namur", "Odense", "Parma", "Quimper", "Rennes", "Salzburg", "Trieste", "Utrecht",
    "Verona", "Weimar", "York", "Zadar", "Bath", "Cork", "Dundee", "Girona", "Tartu",
)
JOBS = (
    "nurse", "baker", "carpenter", "librarian", "bus driver", "surveyor", "pharmacist", "translator", "gardener",
    "electrician", "teacher", "beekeeper", "potter", "journalist", "optician", "welder", "violin maker", "vet",
    "postman", "architect", "tailor", "chemist", "plumber", "florist", "forester", "photographer",
)
FOODS = (
    "lentil soup", "mushroom risotto", "apple strudel", "fish tacos", "potato salad", "pancakes", "goulash",
    "ratatouille", "cheese fondue", "pumpkin curry", "tomato bread", "cinnamon rolls", "paella", "onion tart",
    "plum cake", "vegetable lasagne", "dumplings", "shakshuka", "rice pudding", "bean chili",
)
HOBBIES = (
    "archery", "birdwatching", "pottery", "chess", "sailing", "knitting", "bouldering", "choir singing", "rowing",
    "fencing", "origami", "woodcarving", "table tennis", "astronomy", "salsa dancing", "fly fishing", "calligraphy",
    "kayaking", "juggling", "model trains",
)
DRINKS = ("oat milk coffee", "peppermint tea", "ginger lemonade", "black tea", "elderflower juice", "hot chocolate")
COLOURS = ("teal", "mustard yellow", "dark green", "lavender", "burgundy", "sky blue", "orange", "turquoise")
INSTRUMENTS = ("cello", "ukulele", "clarinet", "accordion", "trumpet", "harp", "banjo", "oboe")
CARS = ("red Skoda", "blue Fiat", "grey Volvo", "white Renault", "green Mini", "silver Toyota", "yellow Dacia")
PETS = ("dog", "cat", "rabbit", "parrot", "tortoise", "hamster")
PET_NAMES = ("Biscuit", "Pepper", "Noodle", "Juno", "Waffle", "Comet", "Olive", "Pickle", "Tango", "Maple", "Ziggy")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ALLERGIES = ("peanuts", "cat hair", "shellfish", "birch pollen", "penicillin", "wasp stings", "kiwi")
THINGS = (
    "spare key", "passport", "sewing kit", "torch", "toolbox", "first aid kit", "camping stove", "photo album",
    "winter boots", "suitcase", "charger", "umbrella",
)
SPOTS = (
    "under the blue flowerpot", "in the second desk drawer", "on the top shelf of the hall cupboard",
    "behind the bookcase", "in the cellar", "in the biscuit tin", "beside the washing machine", "in the glove box",
    "under the stairs", "in the attic", "in the grey basket", "on the kitchen windowsill",
)
APPOINTMENTS = (
    "dentist appointment", "eye test", "parent evening", "choir concert", "driving test", "job interview",
    "house viewing", "car service", "haircut", "flu jab", "book club", "vet visit", "tax deadline", "pottery course",
)
ACTIVITIES = (
    "learning to swim", "packing for a weekend trip", "starting a herb garden", "writing a thank-you note",
    "falling asleep earlier", "running a first five kilometres", "keeping a diary", "baking bread", "hosting a dinner",
    "cleaning windows", "remembering names", "giving a short speech", "drawing faces", "riding in the rain",
    "saving money", "caring for orchids", "choosing a bicycle", "reading more books", "making new friends",
    "tidying a wardrobe", "taking better photos", "growing tomatoes", "training a puppy", "hanging a picture",
    "moving to a new flat", "planning a picnic", "camping with children", "meditating", "stretching at work",
    "cooking for one", "mending a shirt", "drinking more water", "painting a wall", "getting up on time",
    "making good coffee", "walking ten thousand steps", "learning a song by heart", "wrapping presents",
    "visiting a museum with toddlers", "leaving the phone alone",
)
TIPS = (
    "Start small and stop before it gets tiring.", "Make a short list first and tick things off.",
    "Ask someone who has done it to show you once.", "Prepare everything the evening before.",
    "Take more time for it than you think you need.", "Watch how somebody else does it first.",
)
INGREDIENTS = (
    "leeks", "chickpeas", "spinach", "carrots", "red lentils", "potatoes", "beetroot", "courgettes", "eggs", "rice",
    "mushrooms", "cabbage", "apples", "tofu", "sweet potatoes", "cauliflower", "tomatoes", "white beans", "pears",
    "parsnips", "peas", "broccoli", "aubergines", "celery", "fennel",
)
DISHES = (
    "a simple soup", "a tray bake with olive oil", "a quick curry", "a warm salad", "a pan of fritters",
    "a thick stew with bread",
)
MOODS = (
    "tired", "cheerful", "a bit bored", "nervous", "proud", "restless", "relieved", "homesick", "hungry", "curious",
    "grumpy", "calm", "sleepy", "excited", "overwhelmed",
)
# fmt: on
