"""What `consentd audit verify` says beside the places that it names, in French and English."""

from consentd.base.i18n import Language, Text

FAILS = Text(
    "Ce qui est nommé ci-dessus (en anglais) NE TIENT PAS : ne vous y fiez pas.",
    "What is named above DOES NOT HOLD: do not rely on it.",
)
DATABASE = Text(
    "Gardez une copie de la base telle qu’elle est, et voyez docs/log.md : qui peut faire cela, et ce qui "
    "reste prouvé.",
    "Keep a copy of the database as it is, and see docs/log.md: who can do this, and what is proven all the "
    "same.",
)
BUNDLE = Text(
    "Demandez une nouvelle copie à qui a fait l’archive. Si elle ne tient pas non plus, le journal a été "
    "modifié.",
    "Ask whoever made the bundle for a new copy. If that does not hold either, the log was changed.",
)
OTHER_FILE = Text(
    "Donnez le fichier qu’a écrit `consentd audit export`, tel quel.",
    "Give the file that `consentd audit export` wrote, as it is.",
)
OTHER_KEY = Text(
    "La clé donnée avec --key n’a pas signé cette archive : c’est celle d’un autre journal, ou l’archive est "
    "un faux. Redemandez la clé à l’adresse /v1/log/key de l’entreprise.",
    "The key given with --key did not sign this bundle: it is another log’s, or the bundle is a forgery. "
    "Fetch the key again from /v1/log/key of the company’s service.",
)
OTHER_CHECKPOINT = Text(
    "Le point de contrôle donné avec --checkpoint ne va pas avec cette archive : est-ce bien le texte entier "
    "gardé de /v1/log/checkpoint, et du même journal ? Si oui, le journal a été modifié depuis.",
    "The checkpoint given with --checkpoint does not go with this bundle: is it the whole text kept from "
    "/v1/log/checkpoint, and of the same log? If so, the log was changed since.",
)
UNANCHORED = Text(
    "La clé est celle que donne l’archive elle-même. Comparez-la à celle du journal obtenue ailleurs "
    "(--key), ou le journal à un point de contrôle que vous avez gardé (--checkpoint) :",
    "The key is the bundle's own. Compare it with the log's key from elsewhere (--key), or the log with a "
    "checkpoint that you kept (--checkpoint):",
)


def holds(size: int, seconds: float, language: Language) -> str:
    took = f"{seconds:.1f}"
    return Text(
        f"{size} entrées vérifiées en {took.replace('.', ',')} s : rien n’a été changé, ajouté ni retiré.",
        f"{size} entries verified in {took} s: nothing was changed, added or removed.",
    )(language)


def bundle_holds(
    origin: str, size: int, rows: int, seconds: float, checkpoints: int, language: Language
) -> str:
    took = f"{seconds:.1f}"
    return Text(
        f"{origin} : {size} entrées et {rows} lignes vérifiées en {took.replace('.', ',')} s contre "
        f"{checkpoints} points de contrôle signés : rien n’a été changé, ajouté ni retiré.",
        f"{origin}: {size} entries and {rows} rows verified in {took} s against {checkpoints} signed "
        "checkpoints: nothing was changed, added or removed.",
    )(language)


def waiting(count: int, language: Language) -> str:
    return Text(
        f"{count} entrées plus récentes n’étaient pas encore signées : de celles-là, ceci ne prouve rien.",
        f"{count} newer entries were not signed yet: of those this proves nothing.",
    )(language)
