"""Pages for the tests, all written for them."""

from __future__ import annotations

ENGLISH = [
    (
        "The harbour of Eastmouth has been closed to ferries since Tuesday, after a crane toppled on the northern quay "
        "and blocked the only channel that is deep enough for them."
    ),
    (
        "Nobody was hurt, the port authority said. Divers found that the boom had come to rest on a mud "
        "bank, a few metres "
        "away from the pipeline that brings fuel to the island."
    ),
    (
        "Two tugs are on their way from the mainland and are expected on Friday. Until then islanders depend on a mail "
        "plane with nine seats, which the council has chartered for four flights a day."
    ),
    (
        "«We have flour for a week and patience for two», said the owner of the bakery beside the quay, who "
        "has run out of "
        "yeast before and bakes flat bread when she does."
    ),
]
FRENCH = [
    (
        "Le port d’Estembouche est fermé aux bacs depuis mardi, après la chute d’une grue sur le quai nord, "
        "qui bloque le "
        "seul chenal assez profond pour eux."
    ),
    (
        "Personne n’a été blessé, selon la capitainerie. Des plongeurs ont constaté que la flèche repose sur "
        "un banc de "
        "vase, à quelques mètres de la conduite qui alimente l’île en carburant."
    ),
    (
        "Deux remorqueurs sont attendus vendredi. D’ici là, les habitants n’ont qu’un avion postal de neuf "
        "places, que la "
        "commune a affrété pour quatre vols par jour."
    ),
]
RUSSIAN = [
    (
        "Порт закрыт для паромов со вторника, после того как на северном причале упал кран и перекрыл единственный "
        "достаточно глубокий фарватер."
    ),
    (
        "Никто не пострадал, сообщили в управлении порта. Водолазы обнаружили, что стрела лежит на илистой отмели, в "
        "нескольких метрах от трубопровода, по которому на остров поступает топливо."
    ),
    (
        "Два буксира идут с материка и ожидаются в пятницу. До тех пор жители острова зависят от почтового самолёта на "
        "девять мест, который власти наняли на четыре рейса в день."
    ),
]
CHINESE = [
    "自星期二北码头一台起重机倒塌以来，港口一直对渡轮关闭，唯一足够深的航道被堵住了。港务局表示，没有人受伤。",
    "潜水员发现，吊臂停在一处泥滩上，距离向岛上输送燃料的管道只有几米。两艘拖船正从大陆驶来，预计星期五到达。",
    "在此之前，岛上居民只能依靠一架有九个座位的邮政飞机，市议会已经包下它，每天飞行四个班次。",
]
TRADITIONAL = [
    "自星期二北碼頭一台起重機倒塌以來，港口一直對渡輪關閉，唯一夠深的航道被堵住了。港務局表示，沒有人受傷。",
    "潛水員發現，吊臂停在一處泥灘上，距離向島上輸送燃料的管道只有幾米。兩艘拖船正從大陸駛來，預計星期五到達。",
]
POLISH = [
    (
        "Port jest zamknięty dla promów od wtorku, gdy na północnym nabrzeżu przewrócił się dźwig i "
        "zablokował jedyny tor "
        "wodny, który jest dla nich dość głęboki."
    ),
    (
        "Nikt nie został ranny, podał zarząd portu. Nurkowie stwierdzili, że wysięgnik leży na mieliźnie, "
        "kilka metrów od "
        "rurociągu, którym na wyspę płynie paliwo."
    ),
]


def paragraphs(texts: list[str]) -> str:
    """Give the texts as HTML paragraphs."""
    return "".join(f"<p>{each}</p>\n" for each in texts)


def page(texts: list[str], *, head: str = "", title: str = "Harbour closed", lang: str = "", more: str = "") -> str:
    """Give a page as news sites have them: navigation, an article, a footer."""
    attribute = f' lang="{lang}"' if lang else ""
    return f"""<!DOCTYPE html>
<html{attribute}><head><title>{title} | The Eastmouth Herald</title>{head}</head>
<body><header><nav><a href="/">Home</a> <a href="/sport">Sport</a> <a href="/about">About us</a></nav></header>
<main><article><h1>{title}</h1>
{paragraphs(texts)}{more}</article></main>
<footer><p>All rights reserved. <a href="/imprint">Imprint</a></p></footer></body></html>"""


def plain_page(title: str, body: str, *, head: str = "") -> str:
    """Give a page that has nothing but ``body``."""
    return f"<!DOCTYPE html><html><head><title>{title}</title>{head}</head><body>{body}</body></html>"


# What stands where an article should be, by kind. Made up after the manner of the large providers.
CHALLENGES = {
    "cloudflare": plain_page(
        "Just a moment...",
        "<div><h1>news.example</h1><p>Verify you are human by completing the action below.</p>"
        "<noscript>Enable JavaScript and cookies to continue</noscript>"
        "<p>news.example needs to review the security of your connection before proceeding.</p></div>"
        "<script>(function(){window._cf_chl_opt={cvId:'3'};}());</script>",
    ),
    "cloudflare, checking": plain_page(
        "Please stand by",
        "<h1>Checking your browser before accessing news.example.</h1><p>This process is automatic. Your browser will "
        "redirect to the content that you asked for shortly. Please allow up to five seconds while this is done.</p>"
        "<p>DDoS protection by Cloudflare. Ray ID: 7d1f00aa11bb22cc</p>",
    ),
    "cloudflare, blocked": plain_page(
        "Attention Required! | Cloudflare",
        "<h1>Sorry, you have been blocked</h1><p>You are unable to access news.example</p><h2>Why have I been "
        "blocked?</h2><p>This website is using a security service to protect itself from attacks. The action that you "
        "just performed triggered the security solution. There are several actions that could trigger this block, "
        "including submitting a certain word or phrase, a command or malformed data.</p>",
    ),
    "cloudflare, french": plain_page(
        "Un instant…",
        "<h1>actu.example</h1><p>Vérifiez que vous êtes humain en effectuant l’action ci-dessous.</p><p>actu.example "
        "doit vérifier la sécurité de votre connexion avant de continuer.</p>",
    ),
    "press and hold": plain_page(
        "Access to this page has been denied",
        "<p>Press &amp; Hold to confirm you are a human (and not a bot).</p><div id='px-captcha'></div>"
        "<p>Reference ID 1a2b3c4d</p>",
    ),
    "robot": plain_page(
        "Daily Numbers - Are you a robot?",
        "<h2>We've detected unusual activity from your computer network</h2><p>To continue, please click the box below "
        "to let us know you're not a robot. Please make sure your browser supports JavaScript and cookies and that you "
        "are not blocking them from loading.</p>",
    ),
    "captcha": plain_page(
        "news.example",
        "<p>Our systems have detected unusual traffic from your network. Please complete the captcha to continue to "
        "the page. If you keep seeing this, please contact the support of the site and quote the number.</p>",
    ),
    "captcha, french": plain_page(
        "actu.example",
        "<p>Nous avons détecté un trafic inhabituel venant de votre réseau. Confirmez que vous n’êtes pas un robot, "
        "puis cliquez sur continuer pour revenir à la page que vous avez demandée.</p>",
    ),
}
CONSENTS = {
    "english": plain_page(
        "The Herald",
        "<h1>We value your privacy</h1><p>We and our 842 partners store and access information on your device, such as "
        "cookies, and process personal data for personalised ads and content, measurement and audience research. You "
        "can change your choices at any time, or withdraw your consent. Some partners rely on legitimate interest.</p>"
        "<button>Accept all</button><button>Reject all</button><button>Manage options</button>",
    ),
    "search engine": plain_page(
        "Before you continue",
        "<h1>Before you continue to Search</h1><p>We use cookies and data to deliver and maintain our services, to "
        "track outages and to protect against spam, fraud and abuse. If you choose to accept all, we will also use "
        "them to develop new services and to show personalised content, depending on your settings.</p>",
    ),
    "french": plain_page(
        "Le Courrier",
        "<h1>Le respect de votre vie privée est notre priorité</h1><p>Nous et nos 512 partenaires stockons et accédons "
        "à des informations sur votre appareil, comme les cookies, pour des publicités et du contenu personnalisés et "
        "la mesure d’audience. Vous pouvez à tout moment gérer vos choix.</p>"
        "<button>Tout accepter</button><button>Continuer sans accepter</button>",
    ),
    "german": plain_page(
        "Der Bote",
        "<p>Mit Werbung weiterlesen: Besuchen Sie der-bote.example wie gewohnt mit Werbung und Tracking. Wir und "
        "unsere 120 Partner verarbeiten dazu Daten auf Ihrem Gerät. Sie können jederzeit widerrufen, im Fuß der "
        "Seite oder in den Einstellungen.</p><button>Alle akzeptieren</button>",
    ),
}
PAYWALLS = {
    "english": page(
        ENGLISH[:1],
        more="<div><p>This article is for subscribers only.</p><p>Subscribe now to continue reading. Already a "
        "subscriber? Log in.</p></div>",
    ),
    "share left": page(
        FRENCH[:1],
        more="<p>Il vous reste 83,4 % de cet article à lire. La suite est réservée aux abonnés. Déjà abonné ? "
        "Connectez-vous.</p>",
    ),
    "french": page(FRENCH[:1], more="<p>Cet article est réservé aux abonnés. Abonnez-vous dès 1 € par mois.</p>"),
    "limit": page(
        ENGLISH[:1],
        more="<p>You have reached your limit of free articles. Already a subscriber? Sign in. Unlimited digital "
        "access for a month, cancel anytime.</p>",
    ),
    "declared": page(
        ENGLISH[:2],
        head='<script type="application/ld+json">{"@type":"NewsArticle","isAccessibleForFree":false}</script>',
        more="<p>Already a subscriber? Sign in to your account, or choose a plan that suits you.</p>",
    ),
}

# Articles about all of it, short and long, which must not be taken for it.
SHORT_NEWS = {
    "phishing": page(
        [
            (
                "Criminals copy the check of a well-known provider, researchers warn. Victims see a box that says "
                "«Verify "
                "you are human», tick it, and are told to press three keys, which pastes a command into their system."
            ),
            "The fake pages were found on two hundred hacked blogs. Those who saw one should change their passwords.",
        ],
        head='<meta property="og:type" content="article">',
        title="Fake captcha installs malware",
    ),
    "cookie law": page(
        [
            (
                "The data protection authority fined a search engine on Thursday because its banner made it easy to "
                "«accept all» but hid «reject all» three clicks deep, so that users could not refuse as freely."
            ),
            "Companies cannot rely on legitimate interest to store information on a device, the authority said.",
        ],
        title="Fine for cookie banner",
    ),
    "subscriptions": page(
        [
            (
                "The Herald lowers the price of its subscription on Monday. Unlimited digital access will cost a "
                "coin a "
                "week, its publisher said, and readers may cancel anytime, as they already may at most of its rivals."
            ),
            "The paper had raised prices twice in three years, and lost one in ten of its readers each time.",
        ],
        title="Newspaper lowers its price",
    ),
}
PHRASES = (
    "Everyone knows the pages: «Just a moment…», «Verify you are human», «Enable JavaScript and cookies to continue», "
    "«Checking your browser», «We value your privacy», «We and our partners store information on your device», «Accept "
    "all», «Reject all», «This article is for subscribers only», «Subscribe to continue reading», «Already a "
    "subscriber? Log in», «Il vous reste 83 % de cet article à lire», «Nous et nos partenaires»."
)
LONG_READ = page([PHRASES, *ENGLISH, *ENGLISH, PHRASES, *ENGLISH], title="The web of walls")
