"""What people are written about their request, in both languages: short, and nothing that a tired reader has
to look up (docs/glossary.md).
"""

from consentd.base.i18n import Text
from consentd.dsr.rights import Right

ASKED = {
    Right.ACCESS: Text("une copie de vos données", "a copy of your data"),
    Right.PORTABILITY: Text("vos données, à emporter", "your data, to take away"),
    Right.RECTIFICATION: Text("la correction de vos données", "the correction of your data"),
    Right.ERASURE: Text("l’effacement de vos données", "the erasure of your data"),
    Right.RESTRICTION: Text("le gel de vos données", "the freezing of your data"),
    Right.LIFTING: Text("la fin du gel de vos données", "the end of the freezing of your data"),
    Right.MARKETING_OBJECTION: Text("plus aucune publicité", "no more marketing"),
    Right.OBJECTION: Text("que vos données ne soient plus utilisées", "that your data be used no longer"),
    Right.WITHDRAWAL: Text("le retrait de tous vos accords", "the withdrawal of all your consents"),
    Right.POST_MORTEM: Text(
        "une copie des données d’une personne décédée", "a copy of the data of somebody who died"
    ),
    Right.POST_MORTEM_ERASURE: Text(
        "l’effacement des données d’une personne décédée", "the erasure of the data of somebody who died"
    ),
    Right.DIRECTIVES: Text(
        "que vos directives pour après votre décès soient notées",
        "your directives for after your death to be noted",
    ),
    Right.RETENTION: Text("une durée de conservation terminée", "a period of keeping that is over"),
}

RECEIPT_SUBJECT = Text("{company} : votre demande est enregistrée", "{company}: we have your request")
RECEIPT = Text(
    "Bonjour,\n\n"
    "Le {received}, vous avez demandé {asked}. Vous avez montré que cette adresse est la vôtre : nous nous "
    "en occupons.\n\n"
    "Vous aurez notre réponse au plus tard le {due}, à cette adresse. C’est gratuit, et vous n’avez rien "
    "d’autre à faire.\n\n"
    "Ce n’était pas vous ? Écrivez-nous tout de suite.\n",
    "Hello,\n\n"
    "On {received} you asked for {asked}. You showed that this address is yours: we are working on it.\n\n"
    "You will have our answer by {due}, at this address. It is free, and there is nothing else for you to "
    "do.\n\n"
    "It was not you? Write to us at once.\n",
)

EXTENSION_SUBJECT = Text(
    "{company} : votre demande prendra plus de temps", "{company}: your request will take longer"
)
EXTENSION = Text(
    "Bonjour,\n\n"
    "Le {received}, vous avez demandé {asked}. Un mois ne nous suffit pas. Vous aurez notre réponse au plus "
    "tard le {due}.\n\n"
    "Pourquoi :\n{reasons}\n\n"
    "La loi permet de prolonger une fois, de deux mois, en disant pourquoi (RGPD, article 12(3)).\n\n"
    "{complain}",
    "Hello,\n\n"
    "On {received} you asked for {asked}. A month is not enough for us. You will have our answer by "
    "{due}.\n\n"
    "Why:\n{reasons}\n\n"
    "The law allows one extension, by two months, with its reasons (GDPR, article 12(3)).\n\n"
    "{complain}",
)

REFUSAL_SUBJECT = Text("{company} : réponse à votre demande", "{company}: answer to your request")
REFUSAL = Text(
    "Bonjour,\n\n"
    "Le {received}, vous avez demandé {asked}. Nous ne le ferons pas.\n\n"
    "Pourquoi :\n{reasons}\n\n"
    "Le texte sur lequel nous nous appuyons : {article}.\n\n"
    "{complain}",
    "Hello,\n\n"
    "On {received} you asked for {asked}. We will not do it.\n\n"
    "Why:\n{reasons}\n\n"
    "The rule that we rely on: {article}.\n\n"
    "{complain}",
)
REST_REFUSED = Text(
    "Bonjour,\n\n"
    "Le {received}, vous avez demandé {asked}. Voici où nous en sommes :\n\n{told}\n\n"
    "Ce qui manque, nous ne le ferons pas.\n\n"
    "Pourquoi :\n{reasons}\n\n"
    "Le texte sur lequel nous nous appuyons : {article}.\n\n"
    "{complain}",
    "Hello,\n\n"
    "On {received} you asked for {asked}. This is where it stands:\n\n{told}\n\n"
    "What is missing we will not do.\n\n"
    "Why:\n{reasons}\n\n"
    "The rule that we rely on: {article}.\n\n"
    "{complain}",
)

DONE_SUBJECT = Text("{company} : votre demande est traitée", "{company}: your request is done")
DONE = Text(
    "Bonjour,\n\nLe {received}, vous avez demandé {asked}. C’est fait.\n\n{told}\n\n{certificate}"
    "Une question, ou quelque chose qui vous paraît faux ? Écrivez-nous.\n",
    "Hello,\n\nOn {received} you asked for {asked}. It is done.\n\n{told}\n\n{certificate}"
    "A question, or something that looks wrong to you? Write to us.\n",
)
PARTIAL_SUBJECT = Text(
    "{company} : votre demande est traitée en partie", "{company}: your request is done in part"
)
PARTIAL = Text(
    "Bonjour,\n\n"
    "Le {received}, vous avez demandé {asked}. Une partie est faite, une autre manque encore :\n\n{told}\n\n"
    "Ce qui manque : {gaps}. Votre demande reste ouverte jusqu’à ce que ce soit fait, et nous vous écrirons "
    "de nouveau. Vous n’avez rien à faire.\n\n"
    "{certificate}{complain}",
    "Hello,\n\n"
    "On {received} you asked for {asked}. A part is done, another is still missing:\n\n{told}\n\n"
    "What is missing: {gaps}. Your request stays open until that is done, and we will write to you again. "
    "There is nothing for you to do.\n\n"
    "{certificate}{complain}",
)
CERTIFICATE = Text(
    "Le fichier joint, certificate.json, est le certificat signé : il ne vous nomme pas, et chacun peut le "
    "vérifier. Gardez-le.\n\n",
    "The file that comes with this, certificate.json, is the signed certificate: it does not name you, and "
    "anybody can verify it. Keep it.\n\n",
)
COMPLAIN = Text(
    "Vous n’êtes pas d’accord ? Écrivez-nous. Vous pouvez aussi, à tout moment, vous plaindre auprès de "
    "l’autorité :\n{authority}\n\nou saisir un tribunal.\n",
    "You do not agree? Write to us. You can also, at any time, complain to the authority:\n{authority}\n\n"
    "or go to court.\n",
)
SIGNED = Text(
    "\nDemande {request}\n{company}\nProtection des données : {contact}\n",
    "\nRequest {request}\n{company}\nData protection: {contact}\n",
)

OUTCOMES = {
    "done": Text("fait", "done"),
    "not_known_by": Text(
        "ne connaît les clients par aucune des coordonnées que nous avons de vous",
        "knows customers by none of the contact details that we have of you",
    ),
    "nothing_held": Text("n’avait rien sur vous", "held nothing about you"),
    "partial": Text("fait en partie", "done in part"),
    "failed": Text("pas encore fait : l’outil n’a pas fonctionné", "not done yet: the tool did not work"),
    "silent": Text("pas encore de réponse", "no answer yet"),
    "unsupported": Text("ne sait pas le faire", "cannot do it"),
    "unconnected": Text("pas fait : l’outil n’est pas relié", "not done: the tool is not connected"),
    "refused": Text("pas fait", "not done"),
}
OURS = Text("- Registre des accords : fait", "- Register of consents: done")

BY_HAND_SUBJECT = Text(
    "À écrire à la main : {what}, demande {request}", "To write by hand: {what}, request {request}"
)
BY_HAND = Text(
    "Bonjour,\n\n"
    "Dans la demande {request}, la personne doit être prévenue : {what}. Aucune adresse prouvée ne permet de "
    "le faire par e-mail. Prévenez-la comme elle a demandé (lettre, téléphone, comptoir), d’ici au {due}.\n\n"
    "Ce qu’il faut lui dire est dans la demande. C’est fait ? Notez-le dans la demande, avec le jour "
    "(étape `wrote_by_hand`) : ce jour compte pour le délai. Cet e-mail ne nomme personne.\n\n"
    "{company}\n",
    "Hello,\n\n"
    "In the request {request} the person has to be told: {what}. There is no proven address to which mail "
    "could do it. Tell them in the way they asked (letter, telephone, counter), by {due}.\n\n"
    "What is to be said is in the request. Done? Note it in the request, with the day (step "
    "`wrote_by_hand`): that day counts for the time limit. This mail names nobody.\n\n{company}\n",
)
UNWRITTEN_SUBJECT = Text(
    "Pas encore écrit : {what}, demande {request}", "Not written yet: {what}, request {request}"
)
UNWRITTEN = Text(
    "Bonjour,\n\n"
    "Depuis le {day}, la personne de la demande {request} attend que vous la préveniez : {what}. Rien n’est "
    "noté dans la demande. Le dernier jour légal est le {due}.\n\n"
    "C’est déjà fait ? Notez-le dans la demande, avec le jour où vous l’avez fait (étape `wrote_by_hand`). "
    "Sinon, prévenez-la aujourd’hui. Cet e-mail ne nomme personne.\n\n{company}\n",
    "Hello,\n\n"
    "Since {day} the person of the request {request} has been waiting to be told: {what}. Nothing is noted "
    "in the request. The last lawful day is {due}.\n\n"
    "Done already? Note it in the request, with the day on which you did it (step `wrote_by_hand`). If not, "
    "tell them today. This mail names nobody.\n\n{company}\n",
)
WHAT = {
    "receipt": Text("demande reçue", "request received"),
    "extension": Text("délai prolongé", "time extended"),
    "refusal": Text("refus de sa demande", "refusal of their request"),
    "answer": Text("réponse à sa demande", "answer to their request"),
    "copy": Text("copie prête à remettre", "copy ready to be handed over"),
}
OTHER = Text("réponse", "answer")

SILENT_SUBJECT = Text(
    "Sans réponse : « {tool} », demande {request}", "No answer: “{tool}”, request {request}"
)
SILENT = Text(
    "Bonjour,\n\n"
    "« {tool} » devait faire sa part de la demande {request} d’ici au {day}, et n’a pas répondu. Qui s’en "
    "occupe : {owner}.\n\n"
    "La personne a ou aura une réponse partielle qui nomme cet outil ; la demande reste ouverte. Voyez avec "
    "{owner}, puis relancez l’outil (étape `retry`) ou refusez ce qui manque (étape `refuse`).\n\n"
    "{company}\n",
    "Hello,\n\n"
    "“{tool}” was to do its part of the request {request} by {day}, and did not answer. Who looks after it: "
    "{owner}.\n\n"
    "The person has, or will have, an answer in part that names this tool; the request stays open. See "
    "{owner}, then ask the tool again (step `retry`) or refuse what is missing (step `refuse`).\n\n"
    "{company}\n",
)
NEAR_SUBJECT = Text("À finir d’ici au {day} : demande {request}", "To finish by {day}: request {request}")
NEAR = Text(
    "Bonjour,\n\n"
    "La demande {request}, reçue le {received}, attend encore : {waits}. Tout devrait être fait d’ici au "
    "{day} ; le dernier jour légal est le {due}.\n\n{company}\n",
    "Hello,\n\n"
    "The request {request}, received on {received}, still waits for {waits}. All should be done by {day}; "
    "the last lawful day is {due}.\n\n{company}\n",
)
WAITS = {
    "received": Text("une preuve d’identité", "a proof of identity"),
    "identifying": Text("une preuve d’identité", "a proof of identity"),
    "approving": Text("une décision de l’équipe", "a decision of staff"),
    "running": Text("des outils", "tools"),
    "reviewing": Text("une relecture", "a review"),
}

FAILED_SUBJECT = Text(
    "« {tool} » n’a pas pu faire sa part, demande {request}",
    "“{tool}” could not do its part, request {request}",
)
FAILED = Text(
    "Bonjour {owner},\n\n"
    "Un client fait valoir ses droits sur ses données, et « {tool} » n’a pas pu faire sa part ({code}). "
    "Voyez ce qui ne va pas, puis dites-le à {contact} : l’outil sera redemandé. En attendant, la demande "
    "reste ouverte.\n\n"
    "Demande {request}\n{company}\n",
    "Hello {owner},\n\n"
    "A customer exercises their rights over their data, and “{tool}” could not do its part ({code}). See "
    "what is wrong, then tell {contact}: the tool will be asked again. Until then the request stays open.\n\n"
    "Request {request}\n{company}\n",
)

UNCONNECTED_SUBJECT = Text("À prévenir à la main, demande {request}", "To tell by hand, request {request}")
UNCONNECTED = Text(
    "Bonjour,\n\n"
    "Ces destinataires ont reçu les données et ne sont reliés par rien : {tools}. La loi demande de les "
    "prévenir aussi (RGPD, article 19). Écrivez-leur ce qu’il y a à faire, et gardez leur réponse.\n\n"
    "Dans la demande {request}, ils restent indiqués comme non prévenus. Pour qu’un e-mail parte tout seul "
    "la prochaine fois, donnez-leur dans les règles une liaison `by: manual` avec un responsable.\n\n"
    "{company}\n",
    "Hello,\n\n"
    "These recipients had the data, and nothing connects them: {tools}. The law asks to tell them too (GDPR, "
    "article 19). Write to them what is to be done, and keep their answer.\n\n"
    "In the request {request} they stay named as not told. For a mail to go out by itself the next time, "
    "give them a connection `by: manual` with an owner in the rules.\n\n{company}\n",
)
