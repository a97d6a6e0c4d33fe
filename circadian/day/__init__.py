"""DAY: the chat and its journal. Nothing here trains, examines or promotes."""
