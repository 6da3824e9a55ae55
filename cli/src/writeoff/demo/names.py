"""Made-up names, of the places where the demo's currencies are spent."""

GIVEN_NAMES = (
    "Ada", "Aiko", "Amina", "Amelie", "Ben", "Carmen", "Chidi", "Clara", "David", "Elena",
    "Emeka", "Fatma", "Felix", "Grace", "Hannah", "Hiroshi", "Ines", "Isaac", "Jamila", "Jonas",
    "Kaito", "Kamau", "Lara", "Leila", "Liam", "Lucia", "Mariam", "Marta", "Mia", "Miguel",
    "Naomi", "Njeri", "Noah", "Nora", "Olga", "Omar", "Otieno", "Paul", "Priya", "Rosa", "Sakura",
    "Samir", "Sofia", "Tariq", "Thomas", "Wanjiru", "Yara", "Yuki", "Zainab",
)  # fmt: skip

FAMILY_NAMES = (
    "Abe", "Achieng", "Al-Sabah", "Andersen", "Bauer", "Brown", "Castro", "Dubois", "Evans",
    "Ferrari", "Fischer", "Garcia", "Haddad", "Hansen", "Ito", "Jansen", "Johnson", "Kamau",
    "Keller", "Kimani", "Kobayashi", "Lopez", "Martin", "Mbeki", "Moreau", "Mori", "Mutua",
    "Nakamura", "Njoroge", "Novak", "Ochieng", "Otieno", "Park", "Peters", "Rossi", "Sato",
    "Schmidt", "Silva", "Smith", "Suzuki", "Tanaka", "Wagner", "Wambui", "Weber", "Williams",
    "Yamamoto",
)  # fmt: skip

BUSINESS_NAMES = (
    "Amber Lane", "Blue Harbour", "Cedar & Sons", "Copper Kettle", "Desert Rose", "Eastgate",
    "First Light", "Green Field", "Highland", "Iron Bridge", "Juniper", "Kestrel", "Lakeside",
    "Millstone", "Northern Star", "Old Mill", "Palm Court", "Quayside", "Red Brick", "Silver Fox",
    "Three Rivers", "Umber", "Valley View", "White Oak",
)  # fmt: skip

BUSINESS_KINDS = (
    "Bakery", "Builders Ltd", "Catering GmbH", "Dental Care", "Electronics Trading",
    "Fashion House", "Garage", "Joinery", "Logistics LLC", "Print Works", "Restaurant Group",
    "Roofing Inc.", "Software Studio", "Tile & Stone", "Travel",
)  # fmt: skip
