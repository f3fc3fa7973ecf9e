package words

import (
	"slices"
	"strings"
	"unicode"
)

// language is one in which people ask, by the small words of its texts.
type language struct {
	name string
	sure string // no words of English
	weak string // also in names that English texts have, as in the Los Angeles of el and la
}

// languages are some of those with Latin letters, with small words that English has not.
var languages = []language{
	{"German", "ein eine einen einem einer das dem und mit auf im vor unter über hinter neben beim zum zur kein keine ohne ist", "der von"},
	{"French", "un une les sur dans avec et sous devant derrière au aux sans près chez est", "le la de du des"},
	{"Spanish", "un una unos en con por sobre bajo sin y junto al del", "el la los las de"},
	{"Italian", "un una il gli uno della dello degli nel nella sul sulla con sotto senza accanto", "la di lo le"},
	{"Portuguese", "um uma em com sobre sob sem ao", "da do dos das de na nas nos"},
	{"Dutch", "een het op met voor naast onder zonder achter bij", "de van"},
	{"Swedish", "ett och på med bredvid framför utan", "en"},
	{"Danish or Norwegian", "og et på med ved foran uden uten", "en"},
	{"Polish", "na w z pod nad przy bez ze obok przed", "i"},
}

// smallEnglish are the small words of English that a list of nouns has not.
const smallEnglish = " a an the of on in at with and to by for from under near over behind without no not or is are my his her their "

// Language names the language of a text where that is plainly not English: it has a small
// word of another language, and fewer than half of its words are English ones. It
// returns "" for a single word, which may be a name.
func (l *List) Language(text string) string {
	all := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' && r != '’' })
	english := 0
	for _, w := range all {
		if strings.Contains(smallEnglish, " "+w+" ") || l.Has(w) {
			english++
		}
	}
	if len(all) < 2 || 2*english >= len(all) {
		return ""
	}
	name, most := "", 0
	for _, g := range languages {
		sure, weak := strings.Fields(g.sure), strings.Fields(g.weak)
		points := 0
		for _, w := range all {
			switch {
			case slices.Contains(sure, w):
				points += 3
			case slices.Contains(weak, w):
				points++
			}
		}
		if points >= 3 && points > most {
			name, most = g.name, points
		}
	}
	return name
}
