using System.Globalization;
using System.Text;

namespace Camelid.ModelRuntime.Tokenization;

/// <summary>
/// Cuts text into words as the expressions of the known tokenizers do, by Unicode characters and in time linear in the
/// text: a file's expression is recognised, never run.
/// </summary>
internal static class WordScanner
{
    private static readonly string[] Contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"];

    private enum CharacterKind
    {
        End,
        Letter,
        Number,
        Space,
        Other,
    }

    /// <summary>Characters of the word with which the text begins.</summary>
    internal static int WordLength(ReadOnlySpan<char> text, WordPattern pattern) => pattern switch
    {
        WordPattern.Gpt2 => Gpt2Length(text),
        WordPattern.Llama3 => LineAwareLength(text, numbersMax: 3),
        WordPattern.Qwen2 => LineAwareLength(text, numbersMax: 1),
        WordPattern.SpaceSymbol => SpaceSymbolLength(text),
        _ => text.Length,
    };

    /// <summary>Characters before the next digit, or of that digit where the text begins with one.</summary>
    internal static int DigitLength(ReadOnlySpan<char> text)
    {
        int length = 0;
        while (length < text.Length && KindAt(text, length, out int size) is CharacterKind kind)
        {
            if (kind == CharacterKind.Number)
            {
                return length == 0 ? size : length;
            }

            length += size;
        }

        return length;
    }

    private static int SpaceSymbolLength(ReadOnlySpan<char> text)
    {
        int next = text[1..].IndexOf(TokenizerRulesReader.SpaceSymbol);
        return next < 0 ? text.Length : next + 1;
    }

    private static int Gpt2Length(ReadOnlySpan<char> text)
    {
        int contraction = ContractionLength(text, ignoreCase: false);
        if (contraction > 0)
        {
            return contraction;
        }

        int start = text[0] == ' ' ? 1 : 0;
        CharacterKind kind = KindAt(text, start, out _);
        return kind is CharacterKind.Space or CharacterKind.End
            ? SpaceLength(text)
            : start + RunLength(text[start..], kind, int.MaxValue);
    }

    private static int LineAwareLength(ReadOnlySpan<char> text, int numbersMax)
    {
        int contraction = ContractionLength(text, ignoreCase: true);
        if (contraction > 0)
        {
            return contraction;
        }

        CharacterKind kind = KindAt(text, 0, out int size);
        bool leads = kind is CharacterKind.Space or CharacterKind.Other && text[0] is not ('\r' or '\n');
        if (kind == CharacterKind.Letter || (leads && KindAt(text, size, out _) == CharacterKind.Letter))
        {
            int lead = kind == CharacterKind.Letter ? 0 : size;
            return lead + RunLength(text[lead..], CharacterKind.Letter, int.MaxValue);
        }

        if (kind == CharacterKind.Number)
        {
            return RunLength(text, CharacterKind.Number, numbersMax);
        }

        int start = text[0] == ' ' ? 1 : 0;
        if (KindAt(text, start, out _) == CharacterKind.Other)
        {
            int length = start + RunLength(text[start..], CharacterKind.Other, int.MaxValue);
            int breaks = text[length..].IndexOfAnyExcept('\r', '\n');
            return breaks < 0 ? text.Length : length + breaks;
        }

        int spaces = RunLength(text, CharacterKind.Space, int.MaxValue);
        int lastBreak = text[..spaces].LastIndexOfAny('\r', '\n');
        return lastBreak >= 0 ? lastBreak + 1 : SpaceLength(text);
    }

    /// <summary>White space, without its last character where a word follows and more than one is there.</summary>
    private static int SpaceLength(ReadOnlySpan<char> text)
    {
        int length = RunLength(text, CharacterKind.Space, int.MaxValue);
        // No white space lies outside the basic plane: the last character is one char.
        return length < text.Length && length > 1 ? length - 1 : length;
    }

    private static int RunLength(ReadOnlySpan<char> text, CharacterKind kind, int countMax)
    {
        int length = 0;
        for (int count = 0; count < countMax && KindAt(text, length, out int size) == kind; count++)
        {
            length += size;
        }

        return length;
    }

    private static int ContractionLength(ReadOnlySpan<char> text, bool ignoreCase)
    {
        if (text[0] != '\'')
        {
            return 0;
        }

        foreach (string contraction in Contractions)
        {
            if (Begins(text, contraction, ignoreCase))
            {
                return contraction.Length;
            }
        }

        return 0;
    }

    /// <summary>Compares; without case, the long s (U+017F) is an s, as in the expressions' own rules.</summary>
    private static bool Begins(ReadOnlySpan<char> text, string contraction, bool ignoreCase)
    {
        for (int i = 0; i < contraction.Length; i++)
        {
            char found = i < text.Length ? text[i] : '\0';
            char folded = found == '\u017f' ? 's' : char.ToLowerInvariant(found);
            if (contraction[i] != (ignoreCase ? folded : found))
            {
                return false;
            }
        }

        return true;
    }

    private static CharacterKind KindAt(ReadOnlySpan<char> text, int index, out int size)
    {
        size = 0;
        if (index >= text.Length)
        {
            return CharacterKind.End;
        }

        Rune.DecodeFromUtf16(text[index..], out Rune rune, out size);
        if (Rune.IsWhiteSpace(rune))
        {
            return CharacterKind.Space;
        }

        return Rune.GetUnicodeCategory(rune) switch
        {
            <= UnicodeCategory.OtherLetter => CharacterKind.Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber
                => CharacterKind.Number,
            _ => CharacterKind.Other,
        };
    }
}
