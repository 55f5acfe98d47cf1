// What the languages of strings/ have in common.

// Names go into sentences isolated: a right-to-left name does not turn one around.
export const isolate = (name) => `\u2068${name}\u2069`;

// Returns what a language says numbers with: number(n) writes one, and
// count(n, forms) takes the form that the number needs, by the language's plural
// rules (Unicode CLDR), and puts the number in the place of its #.
export function numbers(lang) {
	const { format } = new Intl.NumberFormat(lang);
	const rules = new Intl.PluralRules(lang);
	return {
		number: format,
		count: (n, forms) => (forms[rules.select(n)] || forms.other).replace('#', format(n)),
	};
}
