# ruff: noqa: E501 - a title or a sentence is one line, to be read as one
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.clean.language import detect, verdict

FIXTURES = Path(__file__).parents[2] / "data" / "fixtures"

# Read by hand, entry by entry. The text is the paragraph after the title; two titles have none.
LISTINGS = {
    "000_0f18e45ca2425c26.txt": [
        ("[English] Lola joins Centralasiengrupperna!", "en", "label"),
        ("[English] Project and partnership developer, Eira Fallen", "en", "label"),
        ("[Englsih] Flashback on the Summer Camp 2018", "en", "label"),
        ("[Englsih] New intern from Kazakhstan", "en", "label"),
        ("[English] Central Asia and the Myth of Radicalization", "en", "label"),
        ("Nya strategiska mål 2018-2023", "sv", "text"),
        ("[English] LGBT activist is charged for organising peaceful photo session in Kazakhstan", "en", "label"),
        ("Encouraging youth’s civic activism related to human rights in villages and smaller cities in Southern Kyrgyzstan", "en", "text"),
        ("Fem dagar i Osh, Kirgizistan", "sv", "text"),
        ("Centralasiengrupperna söker projekt- och partnerskapsutvecklare", "sv", "text"),
    ],
    "001_93f52d0ecb334ad2.txt": [
        ("Praktikant med inriktning genus/tjejers rättigheter (med placering Kirgizistan)", "sv", "text"),
        ("Women-led permaculture initiatives in semi-desert villages of Kyrgyzstan – part 1", "en", "text"),
        ("[English] Youth Workers from Sweden and Poland visit Kyrgyzstan", "en", "label"),
        ("[English] Environment and Climate Activism Workshops with our partner organization in Kyrgyzstan", "en", "label"),
        ("[English] Residence for Climate activist in Kyrgyzstan", "en", "label"),
        ("Encouraging youth’s civic activism related to human rights in villages and smaller cities in Southern Kyrgyzstan", "en", "text"),
        ("Fem dagar i Osh, Kirgizistan", "sv", "text"),
        ("(English) Coming home from Kyrgyzstan – three months later", "en", "label"),
        ("Med Genus i Fokus – Vår resa till Kirgizistan Del 2", "sv", "text"),
        ("(English) Social theatre in Sumhat – discussing the issue of suicide among young people in Kyrgyzstan", "en", "label"),
    ],
    "002_7b25d758573971ad.txt": [
        ("Central Asia Days 2018", "en", "text"),
        ("Flashback on the Summer Camp 2018", "en", "text"),
        ("Central Asia and the Myth of Radicalization", "en", "text"),
        ("LGBT activist is charged for organising peaceful photo session in Kazakhstan", "en", "text"),
        ("Encouraging youth’s civic activism related to human rights in villages and smaller cities in Southern Kyrgyzstan", "en", "text"),
        ("Horseback riding in Kyrgyzstan", None, None),
        ("Being an intern in Kazakhstan", "en", "text"),
        ("“LBTQ-people in Kazakstan are discriminated on many levels in the society”", "en", "text"),
        ("Central Asia Days 2017", "en", "text"),
        ("Emma Rönngren", None, None),
        ("Presentation of Emma, intern at UNICEF Kazakhstan", "en", "text"),
        ("Coming home from Kyrgyzstan – three months later", "en", "text"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", LISTINGS)
def test_every_entry_of_a_listing_is_told_right(name):
    expected = LISTINGS[name]
    titles = {title for title, _, _ in expected}
    lines = (FIXTURES / name).read_text(encoding="utf-8").splitlines()
    blocks = [" ".join(line.split()) for line in lines if line.strip()]
    found = []
    for position, block in enumerate(blocks):
        if block in titles:
            text = blocks[position + 1] if blocks[position + 1] not in titles else ""
            found.append((block, *verdict(block, text)))
    assert found == expected


SENTENCES = {
    "en": "The commission met in Bishkek on Monday to discuss the new law. Several members said that they would vote against it.",
    "sv": "Under hösten reser vi till Kirgizistan för att träffa våra partner. Alla som vill följa med är välkomna att höra av sig.",
    "ru": "В понедельник в Бишкеке состоялось заседание комиссии по новому закону. Несколько депутатов будут голосовать против.",
    "kk": "Дүйсенбіде Астанада жаңа заң жобасы бойынша комиссия отырысы өтті. Бірнеше депутат қарсы дауыс беретінін айтты.",
    "ky": "Дүйшөмбү күнү Бишкекте жаңы мыйзам долбоору боюнча жыйын өттү. Бир нече депутат каршы добуш берерин айтышты.",
    "tg": "Рӯзи душанбе ҷаласаи комиссия оид ба лоиҳаи қонуни нав баргузор шуд. Якчанд вакил гуфтанд, ки зидди он овоз медиҳанд.",
    "uk": "У понеділок у Києві відбулося засідання комісії щодо нового закону. Кілька депутатів голосуватимуть проти.",
    "be": "У панядзелак у Мінску адбылося пасяджэнне камісіі па новым законе. Некалькі дэпутатаў будуць галасаваць супраць.",
    "bg": "В понеделник в София се проведе заседание на комисията по новия закон. Няколко депутати заявиха, че ще гласуват против.",
    "tk": "Türkmenistanda adam hukuklary barada maslahat geçirildi we oňa köp adam gatnaşdy.",
    "de": "Am Montag fand in Bischkek eine Sitzung der Kommission statt. Mehrere Abgeordnete kündigten an, dagegen zu stimmen.",
    "fi": "Maanantaina pidettiin kokous uudesta laista. Useat kansanedustajat sanoivat äänestävänsä sitä vastaan.",
    "no": "På mandag ble det holdt et møte om den nye loven. Flere sa at de ville stemme imot, og at de ikke visste hva som skjer.",
    "da": "På mandag blev der afholdt et møde om den nye lov. Flere sagde, at de ville stemme imod, og at de ikke vidste mere.",
    "fr": "Lundi, la commission s'est réunie pour examiner la nouvelle loi. Plusieurs députés ont déclaré qu'ils voteraient contre.",
    "tr": "Pazartesi günü yeni yasa tasarısıyla ilgili toplantı yapıldı. Birkaç milletvekili karşı oy kullanacağını söyledi.",
    "fa": "حقوق بشر در آسیای مرکزی و وضعیت زنان در افغانستان",
    "zh": "中亚的人权状况引起关注",
}
UZBEK = {
    "turned comma": "Yangi qonun loyihasi bo‘yicha yig‘ilish o‘tkazildi. Bir necha deputat qarshi ovoz berishini aytdi.",
    "modifier": "Yangi qonun loyihasi boʻyicha yigʻilish oʻtkazildi. Bir necha deputat qarshi ovoz berishini aytdi.",
    "apostrophe": "Yangi qonun loyihasi bo'yicha yig'ilish o'tkazildi. Bir necha deputat qarshi ovoz berishini aytdi.",
    "Cyrillic": "Янги қонун лойиҳаси бўйича йиғилиш ўтказилди. Бир неча депутат қарши овоз беришини айтди.",
}


@pytest.mark.parametrize("language", SENTENCES)
def test_two_sentences_tell_their_language(language):
    assert verdict(None, SENTENCES[language]) == (language, "text")


@pytest.mark.parametrize("spelling", UZBEK)
def test_uzbek_is_told_in_every_spelling(spelling):
    assert verdict(None, UZBEK[spelling]) == ("uz", "text")


@pytest.mark.parametrize(
    ("title", "language"),
    [
        ("В Бишкеке прошла акция протеста", "ru"),
        ("Алматыда наразылық шарасы өтті", "kk"),
        ("Бишкекте нааразылык акциясы өттү", "ky"),
        ("Toshkentda yangi qonun qabul qilindi", "uz"),
        ("Ҳуқуқи инсон дар Тоҷикистон", "tg"),
        ("У Києві відбулася акція протесту", "uk"),
        ("Årsmöte i Malmö på lördag", "sv"),
        ("Ihmisoikeudet Keski-Aasiassa", "fi"),
        ("Emma Rönngren", None),
        ("Almaty 2018", None),
        ("https://example.org/the/address/of/a/page/that/says/a/lot", None),
        ("", None),
    ],
)
def test_a_title_alone_tells_where_it_is_long_and_clear_enough(title, language):
    assert verdict(title, "")[0] == language


EN, RU, SV, KK = (SENTENCES[language] * 2 for language in ("en", "ru", "sv", "kk"))


@pytest.mark.parametrize(
    ("title", "text", "declared", "expected"),
    [
        # a declaration that the text agrees with keeps its region, in the usual case
        ("T", EN, ["en-US"], ("en-US", "declared")),
        ("T", EN, ["en_us"], ("en-US", "declared")),
        ("T", EN, ["EN"], ("en", "declared")),
        ("T", UZBEK["Cyrillic"], ["uz-cyrl-uz"], ("uz-Cyrl-UZ", "declared")),
        ("T", SENTENCES["no"], ["nb-NO"], ("nb-NO", "declared")),
        # too little text to disagree
        ("Добро пожаловать", "Привет!", ["en-US"], ("en-US", "declared")),
        ("Emma Rönngren", "", ["sv"], ("sv", "declared")),
        # a template's default over another language
        ("T", RU, ["en-US"], ("ru", "text")),
        ("T", SV, ["en-US"], ("sv", "text")),
        ("T", KK, ["ru-RU"], ("kk", "text")),
        # the nearest declaration first, and the next one where the nearest is wrong or says nothing
        ("T", EN, ["en-GB", "en-US"], ("en-GB", "declared")),
        ("T", RU, ["en", "ru-KG"], ("ru-KG", "declared")),
        ("T", EN, [None, "en-US"], ("en-US", "declared")),
        ("T", EN, ["und", "", "x-default"], ("en", "text")),
        # misused codes and names
        ("T", KK, ["kz"], ("kk", "declared")),
        ("T", RU, ["rus"], ("ru", "declared")),
        ("T", RU, ["Russian"], ("ru", "declared")),
        ("T", SV, ["se"], ("sv", "text")),
        ("T", EN, ["no language at all"], ("en", "text")),
        # a language that the model has never seen
        ("T", KK, ["kaa"], ("kaa", "declared")),
        # labels
        ("[English] Days", EN, ["sv-SE"], ("en", "label")),
        ("[English] Days", "", ["sv-SE"], ("en", "label")),
        ("[English] Dagar i Osh", SENTENCES["sv"], ["sv-SE"], ("en", "label")),
        ("[English] Dagar i Osh", SV * 3, ["sv-SE"], ("sv-SE", "declared")),
        ("[English] Dagar i Osh", SV * 3, [], ("sv", "text")),
    ],
)
def test_label_declaration_and_text_are_weighed(title, text, declared, expected):
    assert verdict(title, text, declared=declared) == expected


def test_addresses_in_a_text_are_not_read_as_words():
    assert verdict(None, "https://www.example.org/the-commission-met-on-monday " * 20 + RU) == ("ru", "text")


def test_a_foreign_name_or_two_do_not_change_the_language():
    assert verdict(None, RU + " Об этом сообщили Бақытжан Сағынтаев и Қасым-Жомарт Тоқаев.") == ("ru", "text")


def test_detection_gives_the_same_answer_every_time():
    assert detect(SV) == detect(SV)
    assert detect("Malmö") is None


@given(st.text(), st.text(), st.lists(st.one_of(st.none(), st.text(max_size=12)), max_size=2))
def test_any_text_gets_a_verdict_with_its_source_or_none(title, text, declared):
    language, source = verdict(title, text, declared=declared)
    assert (language is None) == (source is None)
    assert source in {None, "label", "declared", "text"}
