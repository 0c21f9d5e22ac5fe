"""Pairs of entries in two feeds, as publishers make them: stories of one mould, and copies of one story."""

from datetime import UTC, datetime, timedelta

import pytest

from archiver.identify import Siblings, same_post

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
BULLETIN = (
    "The rescuers of the region tell drivers that the pass is {pass_} on {day}, since snow fell in the "
    "night and the wind is strong. Whoever must travel takes chains, a full tank and warm clothes, and "
    "does not leave the car. The service answers calls by day and night, in both languages, and free of"
    " charge."
)
RELEASE = (
    "{hero} received the prize for courage at a ceremony in the capital. The prize has been given every"
    " year since the foundation of our union to people who stand up for the rights of others, often at "
    "great cost to themselves. The jury consists of lawyers, writers and former winners, and its "
    "decision is final. The prize money is to be used for the work of the winner."
)
BOILERPLATE = (
    "The union is a membership organisation of journalists and lawyers that works for free speech and "
    "fair trials. It was founded by volunteers, keeps offices in three towns, and lives on gifts and "
    "fees."
)
SERMON = (
    "Dear brothers and sisters, today we read the letter of the apostle to his friends, in which he "
    "{verb} them to be patient, to share what they have, and not to judge the stranger who knocks at "
    "the door in the evening."
)
COURT = (
    "Суд Октябрьского района рассмотрел дело активиста, которого обвиняют в возбуждении розни. Адвокат "
    "просил {what} подзащитного, так как экспертиза проведена с нарушениями. Судья объявил перерыв и "
    "обещал огласить решение после обеда. На заседание пришли родственники, правозащитники и "
    "журналисты, места хватило не всем."
)
PRAKTIK = (
    "Vi söker en praktikant som vill arbeta med {what} och som tycker om att skriva, planera möten och "
    "resa. Du läser på universitet, talar god engelska och gärna ryska, och kan vara på plats hela "
    "terminen. Praktiken är obetald, men vi hjälper dig att söka stipendium. Skicka brev och "
    "meritförteckning till kontoret."
)
VILLAGE = (
    "The council of the village decided on Sunday to build a new school near the river, after parents "
    "had protested for months against the old building, whose roof let in the rain. Work begins in May,"
    " and the first children are expected in autumn, says the head of the council, who went to the old "
    "school himself as a boy. “It was always cold,” he says, “but we had the best teacher in the "
    "valley.” The ministry pays two thirds."
)
GAME = (
    "The home team {did} the guests in a lively match on Saturday. Both goals of the first half came "
    "after corners, and the keeper saved what there was to save. The trainer praised the young players "
    "afterwards."
)
OBITUARY = (
    "It is with great sorrow that we tell of the death of our {who}, who passed away at home after a "
    "long illness, surrounded by the family. The funeral takes place in the village church. Instead of "
    "flowers the family asks for a gift to the hospice, which gave such good care in the last weeks."
)
WEATHER = (
    "Сегодня в городе ожидается {what} погода без осадков, ветер слабый, видимость хорошая. Синоптики "
    "советуют одеваться по сезону и не забывать зонт. На дорогах местами гололедица, водителей просят "
    "быть внимательнее."
)

ROADS = "The road to Osh\nThe road to Naryn\nThe road to Talas"
GREETING = "Дорогие друзья, поздравляем вас с праздником и желаем мира, добра и тепла вам и вашим семьям."


@pytest.fixture(scope="session")
def rules(document, archived):
    """The rules by which the one entry finds the other, archived in another feed, and the other way round."""

    def build(one, other):
        found = []
        for new, old in ((one, other), (other, one)):
            (entry,) = document({"url": "https://a.example/new", "published_at": NOON} | new)
            there = document({"url": "https://b.example/old", "published_at": NOON} | old)
            found.append(same_post(entry, 99, archived(*there), Siblings()).rule)
        return found

    return build


def at(**distance):
    return {"published_at": NOON + timedelta(**distance)}


def page(**fields):
    return {"url": "https://c.example/now"} | fields


NO_DATE = {"published_at": None}

TWO_STORIES = {
    "weekdays": (
        {"title": "The pass in the north", "text": BULLETIN.format(pass_="closed", day="monday")},
        {"title": "The pass in the north", "text": BULLETIN.format(pass_="closed", day="tuesday")},
    ),
    "open and closed": (
        {"title": "How to travel over the pass", "text": BULLETIN.format(pass_="closed", day="monday")},
        {"title": "How to travel over the pass", "text": BULLETIN.format(pass_="open", day="monday")},
    ),
    "the same warning a day later": (
        {"title": "Forecast for the pass", "text": BULLETIN.format(pass_="closed", day="it")},
        {"title": "Forecast for the pass", "text": BULLETIN.format(pass_="closed", day="it")} | at(days=1),
    ),
    "the same warning a week later": (
        {"title": "The pass in the north is closed", "text": BULLETIN.format(pass_="shut", day="it")},
        {"title": "The pass in the north is closed", "text": BULLETIN.format(pass_="shut", day="it")}
        | at(days=7),
    ),
    "two heroes of one release": (
        {"title": "The prize for courage goes to a writer", "text": RELEASE.format(hero="Aizada Esenova")},
        {"title": "The prize for courage goes to a lawyer", "text": RELEASE.format(hero="Nurlan Sadykov")},
    ),
    "two heroes under one title": (
        {"title": "Prize for courage awarded", "text": RELEASE.format(hero="the editor")},
        {"title": "Prize for courage awarded", "text": RELEASE.format(hero="the lawyer")},
    ),
    "boilerplate only": (
        {"title": "Union calls for release of editor", "text": BOILERPLATE},
        {"title": "Union thanks its many volunteers", "text": BOILERPLATE},
    ),
    "sermons": (
        {"title": "Sermon for the third Sunday", "text": SERMON.format(verb="asks")},
        {"title": "Sermon for the third Sunday", "text": SERMON.format(verb="begs")},
    ),
    "parts in words": (
        {"title": "Through the mountains, part one", "text": VILLAGE},
        {"title": "Through the mountains, part two", "text": VILLAGE},
    ),
    "a series and its part": (
        {"title": "Voices of the old town – Aizada", "text": VILLAGE} | NO_DATE,
        {"title": "Voices of the old town", "text": VILLAGE} | NO_DATE,
    ),
    "a correction that changes a word": (
        {"title": "Correction: village decides to build a new school", "text": VILLAGE},
        {"title": "Village decides to build a new school", "text": VILLAGE.replace("river", "lake")},
    ),
    "the court, Russian": (
        {"title": "Суд над активистом в Алматы", "text": COURT.format(what="оправдать")},
        {"title": "Суд над активистом в Алматы", "text": COURT.format(what="отпустить")} | at(hours=5),
    ),
    "trainees, Swedish": (
        {"title": "Vi söker en praktikant", "text": PRAKTIK.format(what="miljö")} | NO_DATE,
        {"title": "Vi söker en praktikant", "text": PRAKTIK.format(what="jämställdhet")} | NO_DATE,
    ),
    "won and lost": (
        {"title": "Saturday at the stadium", "text": GAME.format(did="beat")},
        {"title": "Saturday at the stadium", "text": GAME.format(did="lost to")},
    ),
    "obituaries": (
        {"title": "In loving memory of a friend", "text": OBITUARY.format(who="former chairman")},
        {"title": "In loving memory of a friend", "text": OBITUARY.format(who="dear colleague")},
    ),
    "weather, Russian, two days alike": (
        {"title": "Погода в Бишкеке", "text": WEATHER.format(what="ясная")},
        {"title": "Погода в Бишкеке", "text": WEATHER.format(what="ясная")} | at(days=1),
    ),
    "weather, Russian, morning and evening": (
        {"title": "Какая погода ждет жителей столицы", "text": WEATHER.format(what="ясная")},
        {"title": "Какая погода ждет жителей столицы", "text": WEATHER.format(what="тёплая")} | at(hours=6),
    ),
    "a live blog": (
        page(title="The flood in the valley: live", text="The bridge is closed, and the water rises."),
        page(title="The flood in the valley: live", text="Power is back, and the first schools open again.")
        | at(hours=3),
    ),
    "untitled notes on one page": (
        page(text="The bridge over the river is closed because of the flood, they say."),
        page(text="The bridge over the river is open again after the flood, they say.") | at(hours=9),
    ),
    "two short notes with one title on one page": (
        page(title="Alert", text="Air alarm in the north.") | at(hours=5),
        page(title="Alert", text="All clear in the north."),
    ),
    "one alarm, twice, on one page": (
        page(title="Air alarm", text="An air alarm was declared in all of the region.") | at(hours=5),
        page(title="Air alarm", text="An air alarm was declared in all of the region."),
    ),
    "two guests of a show, one page, standing notes": (
        page(title="With Anna Petrova", text=BOILERPLATE) | NO_DATE,
        page(title="With Bek Tashiev", text=BOILERPLATE) | NO_DATE,
    ),
    "recipes with one step another": (
        {"title": "Bread from grandmother's oven", "text": SERMON.format(verb="tells")},
        {"title": "Bread from grandmother's oven", "text": SERMON.format(verb="wants")} | NO_DATE,
    ),
    "one place more in a list": (
        {"title": "Roads that are closed", "text": ROADS},
        {
            "title": "Roads that are closed",
            "text": ROADS.replace("\n", "\nThe road to Batken\n", 1),
        },
    ),
    "dates alone, two vacancies": (
        {"title": "Vacancy", "text": "Read the whole advert on our site and send us your letter."}
        | {"published_at": NOON.replace(hour=0)},
        {"title": "Vacancy", "text": "Read the whole advert on our site and send us your letter."}
        | {"published_at": NOON.replace(hour=0)},
    ),
    "a senior post": (
        {"title": "Programme officer for rural development", "text": VILLAGE},
        {"title": "Senior programme officer for rural development", "text": VILLAGE},
    ),
    "one amount in words": (
        {"title": "Ministry raises the pensions again", "text": VILLAGE},
        {"title": "Ministry raises the pensions again", "text": VILLAGE.replace("two", "three")},
    ),
    "one negation": (
        {"title": "Village decides to build a new school", "text": VILLAGE},
        {"title": "Village decides to build a new school", "text": VILLAGE.replace("decided", "decided not")},
    ),
    "greetings of two years": (
        {"title": "С новым годом, друзья", "text": GREETING},
        {"title": "С новым годом, друзья", "text": GREETING}
        | at(days=365),
    ),
    "frost and thaw": (
        {"title": "Wie kalt es wird im Tal", "text": f"Nachts -5 Grad, am Tag +3. {VILLAGE}"},
        {"title": "Wie kalt es wird im Tal", "text": f"Nachts +5 Grad, am Tag -3. {VILLAGE}"},
    ),
    "dollars and euros": (
        {"title": "What a sack of flour costs", "text": f"A sack costs $30. {VILLAGE}"},
        {"title": "What a sack of flour costs", "text": f"A sack costs €30. {VILLAGE}"},
    ),
    "two results of the same figures": (
        {"title": "The cup: home against guests", "text": f"It ended 11:1. {VILLAGE}"},
        {"title": "The cup: home against guests", "text": f"It ended 1:11. {VILLAGE}"},
    ),
    "two adverts of one site, cut before they differ": (
        {"url": "https://a.example/s", "title": "We hire a translator now", "text": f"{PRAKTIK[:150]}…"},
        {"url": "https://a.example/n", "title": "We hire a translator now", "text": f"{PRAKTIK[:150]}…"},
    ),
    "an advert and its place": (
        {"title": "Vi söker en praktikant - Osh", "text": f"{PRAKTIK[:300]}…"},
        {"title": "Vi söker en praktikant", "text": f"{PRAKTIK[:300]}…"} | at(hours=2),
    ),
    "a page that always tells the latest": (
        page(title="How to travel over the pass", text=BULLETIN.format(pass_="closed", day="monday")),
        page(title="How to travel over the pass", text=BULLETIN.format(pass_="open", day="monday"))
        | at(hours=5),
    ),
    "a page in two languages": (
        page(title="Freedom House 2026", text=PRAKTIK.format(what="miljö"), language="sv"),
        page(title="Freedom House 2026", text=VILLAGE, language="en"),
    ),
}  # fmt: skip

START = " ".join(VILLAGE.split()[:45])
SCHOOL = {"title": "Village decides to build a new school"}
WITH_CAPTIONS = VILLAGE.replace(" Work begins", "\nThe school in spring. Photo: Aizada\nWork begins")
ONE_STORY = {
    "an excerpt and the whole": (SCHOOL | {"text": f"{START} […]"}, SCHOOL | {"text": VILLAGE}),
    "two marks of a cut": (SCHOOL | {"text": f"{START} […]"}, SCHOOL | {"text": f"{START[:-2]}..."}),
    "an excerpt without dates": (
        SCHOOL | {"text": f"{START} […]"} | NO_DATE,
        SCHOOL | {"text": VILLAGE} | NO_DATE,
    ),
    "torn without a mark": (SCHOOL | {"text": START[:-2]}, SCHOOL | {"text": VILLAGE} | at(hours=20)),
    "plain quotes": (
        SCHOOL | {"text": VILLAGE},
        SCHOOL | {"text": VILLAGE.replace("“", '"').replace("”", '"')} | at(hours=1),
    ),
    "dashes and blanks": (
        SCHOOL | {"text": VILLAGE.replace("protested for", "protested – for")},
        SCHOOL | {"text": VILLAGE.replace(" ", "  ").replace("protested  for", "protested -- for")},
    ),
    "hyphens": (
        {"title": "Sixty e-mails a day", "text": f"{VILLAGE} Write an e-mail."},
        {"title": "Sixty e-mails a day", "text": f"{VILLAGE} Write an email."},
    ),
    "a footer of one site": (SCHOOL | {"text": VILLAGE}, SCHOOL | {"text": f"{VILLAGE}\n{BOILERPLATE}"}),
    "captions left out": (SCHOOL | {"text": VILLAGE}, SCHOOL | {"text": WITH_CAPTIONS}),
    "captions in an excerpt": (
        SCHOOL | {"text": f"{' '.join(VILLAGE.split()[:70])} […]"},
        SCHOOL | {"text": WITH_CAPTIONS + "\n" + BOILERPLATE},
    ),
    "a dateline": (SCHOOL | {"text": VILLAGE}, SCHOOL | {"text": f"OSH, 4 March – {VILLAGE}"}),
    "thousands": (
        SCHOOL | {"text": f"{VILLAGE} It costs 1 000 000 som, 3.5 % more."},
        SCHOOL | {"text": f"{VILLAGE} It costs 1,000,000 som, 3,5% more."},
    ),
    "two pages of one site, one moment": (
        {"url": "https://a.example/?p=7"} | SCHOOL | {"text": VILLAGE},
        {"url": "https://a.example/school"} | SCHOOL | {"text": VILLAGE},
    ),
    "links left out": (
        SCHOOL | {"text": VILLAGE},
        SCHOOL | {"text": VILLAGE.replace("says the", "https://x.kz/1 says the")},
    ),
    "a label": (
        {"title": "[English] Village decides to build a new school", "text": VILLAGE},
        SCHOOL | {"text": VILLAGE} | at(days=1),
    ),
    "a word as label": (
        {"title": "Video: Village decides to build a new school", "text": VILLAGE},
        SCHOOL | {"text": VILLAGE},
    ),
    "the name of the site": (
        {"title": "Village decides to build a new school | Village News", "text": VILLAGE},
        SCHOOL | {"text": f"{START} […]"},
    ),
    "the name of the site after a dash": (
        {"title": "Village decides to build a new school - News - Our Village", "text": VILLAGE},
        SCHOOL | {"text": VILLAGE},
    ),
    "two schemes and hosts": (
        page(text=VILLAGE, **SCHOOL),
        {"url": "http://www.c.example/now/"} | SCHOOL | {"text": f"{START}..."} | at(days=1),
    ),
    "tracking parameters": (
        page(text=VILLAGE, **SCHOOL),
        {"url": "https://c.example/now?utm_source=rss"} | SCHOOL | {"text": VILLAGE} | at(days=9),
    ),
    "one page, edited": (
        page(text=VILLAGE, **SCHOOL),
        page(text=VILLAGE.replace("for months", "for many months"), **SCHOOL),
    ),
    "one page, another headline": (
        page(text=VILLAGE, title="Parents get their school"),
        page(text=VILLAGE, title="A new school near the river"),
    ),
    "one page, a summary": (
        page(text=VILLAGE, **SCHOOL),
        page(text="The old one was always too cold, and parents did not want it any more.", **SCHOOL),
    ),
    "one page, a title only": (page(text=VILLAGE, **SCHOOL), page(**SCHOOL)),
    "twenty words, an hour apart": (
        SCHOOL | {"text": " ".join(VILLAGE.split()[:22]) + " […]"} | at(hours=1),
        SCHOOL | {"text": VILLAGE},
    ),
    "twelve words of one moment": (
        SCHOOL | {"text": " ".join(VILLAGE.split()[:14]) + "..."},
        SCHOOL | {"text": VILLAGE},
    ),
    "an untitled copy": ({"text": f"{START}…"}, SCHOOL | {"text": VILLAGE}),
    "in Russian, ё and quotes": (
        {"title": "Что решил суд в Алматы вчера", "text": COURT.format(what="освободить «ещё раз»")},
        {"title": "Что решил суд в Алматы вчера", "text": COURT.format(what="освободить \"еще раз\"")},
    ),
    "in Swedish, an excerpt": (
        {"title": "Vi söker en praktikant", "text": PRAKTIK.format(what="miljö")},
        {"title": "Vi söker en praktikant", "text": PRAKTIK.format(what="miljö")[:200] + "…"} | at(hours=1),
    ),
    "a short title": (
        {"title": "New school", "text": VILLAGE},
        {"title": "New school", "text": VILLAGE} | at(hours=2),
    ),
    "a series' part of one moment": (
        {"title": "Weekly interview", "text": VILLAGE},
        {"title": "Weekly interview", "text": f"{START} […]"},
    ),
    "a copy under another headline": (
        {"title": "Parents get their school", "text": f"{VILLAGE} {COURT} {VILLAGE}"},
        {"title": "Old building was too cold", "text": f"{VILLAGE} {COURT} {VILLAGE}"} | at(hours=3),
    ),
}  # fmt: skip


@pytest.mark.parametrize("pair", TWO_STORIES.values(), ids=TWO_STORIES)
def test_stories_of_one_mould_stay_apart(rules, pair):
    assert rules(*pair) == ["first", "first"]


@pytest.mark.parametrize("pair", ONE_STORY.values(), ids=ONE_STORY)
def test_copies_of_a_story_are_joined(rules, pair):
    assert "first" not in rules(*pair)
