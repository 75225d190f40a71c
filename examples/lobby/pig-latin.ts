const WORD = /[a-z]+/gi;
const START = /^([^aeiou]*)(.*)$/i;

/** Says a text in pig latin: `Hello there` becomes `Ellohay erethay`. */
export function toPigLatin(text: string): string {
  return text.replace(WORD, (word) => {
    const [, consonants = "", rest = ""] = START.exec(word) ?? [];
    if (rest === "") return `${word}ay`;
    const moved = consonants === "" ? `${rest}way` : `${rest}${consonants.toLowerCase()}ay`;
    return isCapital(word) ? moved.charAt(0).toUpperCase() + moved.slice(1) : moved;
  });
}

function isCapital(word: string): boolean {
  return /^[A-Z]/.test(word);
}
