"""Language labels in titles: `[English]`, `(English)`, `[Рус]`, `[Englsih]`, as bilingual sites set them.

A label is a language's name or code in brackets at the beginning or the end of a title. Brackets with
anything more in them, such as `(English breakfast)` or `[Video]`, are the title's own.
"""

import re

# Names in English, Swedish, Russian and the language's own, then abbreviations; all case-folded.
_NAMES = {
    "en": "english engelska английский англ eng inglizcha ағылшынша англисче",
    "sv": "swedish svenska шведский швед swe sve",
    "ru": "russian ryska русский рус rus русский по-русски орысша орусча ruscha",
    "kk": "kazakh qazaq kazakiska казахский каз kaz қазақша қазақ қаз qazaqsha қазақшасы",
    "ky": "kyrgyz kirghiz kirgiz kirgiziska киргизский кыргызский кырг kyr кыргызча кыргыз kyrgyzcha",
    "uz": "uzbek uzbekiska узбекский узб uzb o‘zbek o'zbek o’zbek o‘zbekcha o'zbekcha o’zbekcha ўзбекча",
    "tg": "tajik tadzjikiska таджикский тадж taj tgk тоҷикӣ точики tojiki",
    "tk": "turkmen turkmeniska туркменский türkmen türkmençe tkm",
    "kaa": "karakalpak karakalpakiska каракалпакский qaraqalpaq qaraqalpaqsha",
    "tt": "tatar tatariska татарский татарча",
    "ug": "uyghur uigur uiguriska уйгурский ئۇيغۇرچە",
    "mn": "mongolian mongoliska монгольский монгол",
    "uk": "ukrainian ukrainska украинский українська українською укр ukr",
    "be": "belarusian belarusiska vitryska белорусский беларуская бел bel",
    "de": "german tyska немецкий deutsch deu ger нем",
    "fr": "french franska французский français francais fra fre фр",
    "es": "spanish spanska испанский español espanol castellano esp spa исп",
    "it": "italian italienska итальянский italiano ita",
    "pt": "portuguese portugisiska португальский português portugues por",
    "nl": "dutch nederländska нидерландский nederlands nld",
    "pl": "polish polska польский polski pol",
    "cs": "czech tjeckiska чешский čeština cesky česky",
    "sk": "slovak slovakiska словацкий slovenčina",
    "hu": "hungarian ungerska венгерский magyar",
    "ro": "romanian rumänska румынский română",
    "bg": "bulgarian bulgariska болгарский български",
    "sr": "serbian serbiska сербский srpski српски",
    "hr": "croatian kroatiska хорватский hrvatski",
    "fi": "finnish finska финский suomi suomeksi fin",
    "no": "norwegian norska норвежский norsk bokmål",
    "da": "danish danska датский dansk",
    "et": "estonian estniska эстонский eesti",
    "lv": "latvian lettiska латышский latviešu",
    "lt": "lithuanian litauiska литовский lietuvių",
    "tr": "turkish turkiska турецкий türkçe turkce",
    "az": "azerbaijani azerbajdzjanska азербайджанский azərbaycan azərbaycanca aze",
    "ka": "georgian georgiska грузинский ქართული geo",
    "hy": "armenian armeniska армянский հայերեն arm",
    "el": "greek grekiska греческий ελληνικά",
    "ar": "arabic arabiska арабский العربية عربي",
    "fa": "persian farsi dari persiska персидский فارسی دری",
    "ps": "pashto пушту پښتو",
    "he": "hebrew hebreiska иврит עברית",
    "hi": "hindi хинди हिन्दी",
    "ur": "urdu урду اردو",
    "zh": "chinese kinesiska китайский 中文 汉语 mandarin",
    "ja": "japanese japanska японский 日本語",
    "ko": "korean koreanska корейский 한국어",
}
_LANGUAGES = {name: code for code, names in _NAMES.items() for name in names.split()}
# Codes are taken where hardly anything else is meant by them: not IT, NO, UK, AR, HR.
_CODES = frozenset(_NAMES) - {
    "it",
    "no",
    "uk",
    "ar",
    "hr",
    "be",
    "he",
    "hi",
    "el",
    "et",
    "sr",
    "bg",
    "mn",
    "sk",
}
_COUNTRIES = {"kz": "kk", "kg": "ky", "tj": "tg", "tm": "tk", "ua": "uk", "se": "sv", "gb": "en"}
_TYPO_NAMES = tuple(
    name
    for code in ("en", "sv", "ru", "kk", "ky", "uz", "tg", "uk", "de", "fr", "es")
    for name in _NAMES[code].split()
    if len(name) >= 5
)
_NO_TYPOS = frozenset({"anguish", "gorman", "germane", "finish", "spinach", "русские", "русская", "русское"})
_ADDED_WORDS = (
    "in på на auf en по im i version translation language text only языке язык язычная версия тілі тілінде "
    "тилинде тили tilida tili versionen språk språket мова мовою"
)
_ADDITIONS = frozenset(_ADDED_WORDS.split())
_LONGEST = 40
_OPENING = re.compile(
    rf"\s*(?:\[([^\[\]]{{1,{_LONGEST}}})\]|[(（]([^()（）]{{1,{_LONGEST}}})[)）]|【([^【】]{{1,{_LONGEST}}})】)"
)
_CLOSING = re.compile(
    rf"(?:\[([^\[\]]{{1,{_LONGEST}}})\]|[(（]([^()（）]{{1,{_LONGEST}}})[)）]|【([^【】]{{1,{_LONGEST}}})】)\s*\Z"
)
_BETWEEN = re.compile(r"\s*[/,;&+|]\s*")


def language_of_label(title: str) -> str | None:
    """Return the language (BCP 47 primary tag) that a label in the title names; None for none or several."""
    for found in (_opening(title), _closing(title)):
        if found is not None and len(found[1]) == 1:
            return next(iter(found[1]))
    return None


def without_label(title: str) -> str:
    """Return the title without its language label; unchanged where it has none or is nothing else."""
    rest = title
    if opening := _opening(rest):
        rest = rest[opening[0].end() :].lstrip().lstrip(":|–—-").lstrip()
    if closing := _closing(rest):
        rest = rest[: closing[0].start()].rstrip().rstrip(":|–—-").rstrip()
    return rest or title


def _opening(title: str) -> tuple[re.Match[str], frozenset[str]] | None:
    found = _OPENING.match(title)
    languages = _languages(found, at_start=True) if found else frozenset()
    return (found, languages) if found and languages else None


def _closing(title: str) -> tuple[re.Match[str], frozenset[str]] | None:
    found = _CLOSING.search(title, max(0, len(title) - _LONGEST - 10))
    languages = _languages(found, at_start=False) if found else frozenset()
    return (found, languages) if found and languages else None


def _languages(found: re.Match[str], *, at_start: bool) -> frozenset[str]:
    """The languages that a bracket names, all of its parts; none where a part is something else."""
    square, round_, black = found.groups()
    label = square or round_ or black
    named = [_language(part, sure=at_start or round_ is None) for part in _BETWEEN.split(label.strip())]
    return frozenset(code for code in named if code) if all(named) else frozenset()


def _language(part: str, *, sure: bool) -> str | None:
    """`sure`: the place leaves no doubt, as it does for `[KZ]`, and not for `Almaty (KZ)`."""
    words = [word for word in part.casefold().split() if word not in _ADDITIONS] or part.casefold().split()
    if len(words) != 1:
        return None
    word = words[0].strip(".:")
    if word in _LANGUAGES:
        return _LANGUAGES[word]
    if word in _CODES and (sure or not part.islower()):
        return word
    if word in _COUNTRIES and sure:
        return _COUNTRIES[word]
    for stem in (word.removesuffix("ом"), word.removesuffix("om")):  # на английском, на русском
        if stem != word and f"{stem}ий" in _LANGUAGES:
            return _LANGUAGES[f"{stem}ий"]
    return _misspelt(word)


def _misspelt(word: str) -> str | None:
    """The language whose name this is with one letter wrong, missing, doubled or two changed over.

    A name with more or fewer letters at its end is another word: Germany, Russia.
    """
    if len(word) < 5 or word in _NO_TYPOS:
        return None
    for name in _TYPO_NAMES:
        if (
            word[0] == name[0]
            and not word.startswith(name)
            and not name.startswith(word)
            and _one_slip_apart(word, name)
        ):
            return _LANGUAGES[name]
    return None


def _one_slip_apart(one: str, other: str) -> bool:
    """Whether one insertion, deletion, substitution or exchange of neighbours makes one word the other."""
    if len(one) > len(other):
        one, other = other, one
    if len(other) - len(one) > 1:
        return False
    place = next((index for index, letter in enumerate(one) if letter != other[index]), len(one))
    if len(one) < len(other):
        return one[place:] == other[place + 1 :]
    return one[place + 1 :] == other[place + 1 :] or (
        one[place + 1 : place + 2] + one[place : place + 1] == other[place : place + 2]
        and one[place + 2 :] == other[place + 2 :]
    )
