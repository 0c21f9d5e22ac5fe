import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.clean.boilerplate import without_boilerplate

TITLE = "[English] Lola joins “the team” – part 1"
SITE = "Centralasiengrupperna » Blogg"
TEXT = ["Lola came to Malmö in May.", "She likes it here."]


@pytest.mark.parametrize(
    "line",
    [
        f"The post {TITLE} appeared first on Centralasiengrupperna.",
        "The post Lola joins the team - part 1 first appeared on Another Name.",
        "The post Some Older Title appeared first on Centralasiengrupperna.",
        "The post Some Older Title appeared first on Another Name.",
        "Inlägget Lola börjar dök först upp på Centralasiengrupperna.",
        "Сообщение Лола с нами появились сначала на Новости.",
        "Сообщение Лола с нами появилось сначала на Новости.",
        "Запись Лола с нами впервые появилась Новости.",
        "Запись Лола с нами впервые появилась на Новости.",
        "Der Beitrag Lola kommt erschien zuerst auf Zentralasien.",
        "L’article Lola arrive est apparu en premier sur Asie.",
        "La entrada Lola llega se publicó primero en Asia.",
        "Continue reading Lola joins “the team” – part 1 →",
        "Continue reading →",
        "Read more",
        "Read More »",
        "Läs mer",
        "Читать далее",
        "Читать полностью →",
        "Толығырақ",
        "Batafsil",
        "Share on Facebook",
        "Click to share on Telegram (Opens in new window)",
        "Share this: Twitter Facebook",
        "Tweet",
        "Dela på Facebook",
        "Поделиться в Телеграм",
        "Поделиться",
        "Like this:",
        "Loading...",
        "Entire text Less text",
        "Less text",
        "0 comments",
        "12 комментариев",
        "Kommentarer inaktiverade för Lola",
        "Comments Off on Lola joins the team",
        "© Foto: PIN",
    ],
)
def test_a_line_of_the_template_goes(line):
    assert without_boilerplate([*TEXT, line], title=TITLE, feed_title=SITE)[0] == TEXT


@pytest.mark.parametrize(
    "line",
    [
        "The post office appeared first on the map in 1890.",
        "The post he wrote about it appeared first on Monday.",
        "Read more books, said the teacher.",
        "You can read more about it in the report.",
        "Läs mer om projektet på vår hemsida.",
        "Читать далее было невозможно.",
        "Share on Facebook what you have seen.",
        "She had 12 comments on the draft.",
        "Continue reading, or stop now.",
        "Facebook",
        "Поделиться опытом приехали тридцать человек.",
        "Tweet of the day: nothing.",
        "Foto: Emma Rönngren",
    ],
)
def test_a_line_of_prose_that_has_the_words_stays(line):
    assert without_boilerplate([*TEXT, line], title=TITLE, feed_title=SITE) == ([*TEXT, line], False)


@pytest.mark.parametrize(
    ("tail", "leads_on"),
    [
        (f" The post {TITLE} appeared first on Centralasiengrupperna.", False),
        (" Сообщение Lola joins “the team” – part 1 появились сначала на Новости.", False),
        (" Read more »", True),
        (" Читать далее", True),
        (" Continue reading Lola joins “the team” – part 1 →", True),
    ],
)
def test_what_follows_the_text_in_its_paragraph_goes(tail, leads_on):
    line = "As the first weeks in Sweden pass by, I am […]"
    assert without_boilerplate([line + tail], title=TITLE, feed_title=SITE) == ([line], leads_on)


def test_a_share_bar_over_several_lines_goes():
    bar = ["Share this:", "Facebook", "Twitter", "Email", "Like this:", "Loading…", "Related"]
    assert without_boilerplate([*TEXT, *bar])[0] == TEXT


def test_a_list_of_networks_that_is_the_text_stays():
    lines = ["We compared three services.", "Facebook", "Telegram"]
    assert without_boilerplate(lines)[0] == lines


def test_the_template_goes_from_the_beginning_too_but_not_from_the_middle():
    lines = ["Share on Facebook", "© Foto: PIN", "One.", "Read more", "Two.", "0 comments"]
    assert without_boilerplate(lines)[0] == ["One.", "Read more", "Two."]


def test_a_text_of_nothing_but_template_is_empty():
    assert without_boilerplate(["Tweet", "Read more"]) == ([], True)


@given(st.lists(st.text(max_size=40)), st.text(max_size=20), st.text(max_size=20))
def test_what_is_left_is_a_part_of_what_was_there(lines, title, feed_title):
    kept, _ = without_boilerplate(lines, title=title, feed_title=feed_title)
    assert "\n".join(kept) in "\n".join(lines)
    assert without_boilerplate(kept, title=title, feed_title=feed_title)[0] == kept


@pytest.mark.timeout(20)
@pytest.mark.parametrize("words", ["The post ", "Continue reading ", "word. ", "Share this: X ", " […] "])
def test_long_lines_are_looked_at_in_time_and_stay(words):
    line = words * 50_000 + "end"
    assert without_boilerplate([line] * 3, title="T", feed_title="S") == ([line] * 3, False)
