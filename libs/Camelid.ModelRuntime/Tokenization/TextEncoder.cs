using System.Text;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Tokenization;

/// <summary>Turns text into tokens. No special token can arise: none is in what it looks words up in.</summary>
internal sealed class TextEncoder
{
    /// <summary>Most characters of one text.</summary>
    internal const int TextCharactersMax = 1 << 22;

    private readonly TokenizerRules rules;
    private readonly PairMerger merger;
    private readonly Dictionary<string, uint> ids = new(StringComparer.Ordinal);
    private readonly uint?[] byteTokens = new uint?[256];

    internal TextEncoder(TokenizerVocabulary vocabulary, string name, IReadOnlySet<uint> special)
    {
        rules = vocabulary.Rules;
        HashSet<uint> added = [.. vocabulary.AddedTokens.Select(token => token.Id), .. special];
        for (uint id = 0; id < vocabulary.Tokens.Length; id++)
        {
            // An added token is matched whole by templates only; one letter may also be a byte's.
            if (vocabulary.Tokens[id] is { } text && !special.Contains(id) && (text.Length == 1 || !added.Contains(id)))
            {
                ids[text] = id;
            }
        }

        for (int value = 0; value < 256; value++)
        {
            string text = rules.IsByteLevel ? ByteAlphabet.Letter((byte)value).ToString() : ByteToken.Text((byte)value);
            byteTokens[value] = ids.TryGetValue(text, out uint id) ? id : null;
            if (byteTokens[value] is null && value < 0x80)
            {
                throw new ModelPackageException($"{name}: the vocabulary has no token for byte {value}");
            }

            if (!rules.IsByteLevel)
            {
                // Someone who writes <0x0A> gets its letters.
                ids.Remove(text);
            }
        }

        merger = new PairMerger(vocabulary.Merges, special);
    }

    /// <summary>Encodes a stretch of text between special tokens.</summary>
    /// <param name="text">The text; half surrogate pairs become U+FFFD.</param>
    /// <param name="isFirst">True where nothing stands before it.</param>
    /// <param name="output">Receives the tokens.</param>
    /// <exception cref="ArgumentException">The text is too long, or needs a byte that the vocabulary lacks.</exception>
    internal void Encode(string text, bool isFirst, List<uint> output)
    {
        if (text.Length > TextCharactersMax)
        {
            throw new ArgumentException(
                $"the text has {text.Length} characters; at most {TextCharactersMax} are encoded", nameof(text));
        }

        if (text.Length == 0)
        {
            return;
        }

        string normal = WithPrefix(rules.Composes ? CanonicalComposition.Compose(text) : text, isFirst);
        List<uint> symbols = [];
        for (ReadOnlySpan<char> rest = normal; rest.Length > 0;)
        {
            int stretch = rules.SeparatesDigits ? WordScanner.DigitLength(rest) : rest.Length;
            for (ReadOnlySpan<char> words = rest[..stretch]; words.Length > 0;)
            {
                int length = WordScanner.WordLength(words, rules.Pattern);
                EncodeWord(words[..length], symbols, output);
                words = words[length..];
            }

            rest = rest[stretch..];
        }
    }

    private string WithPrefix(string text, bool isFirst)
    {
        char space = rules.IsByteLevel ? ' ' : TokenizerRulesReader.SpaceSymbol;
        string spaced = rules.IsByteLevel ? text : text.Replace(' ', space);
        bool prefixed = rules.PrefixSpace switch
        {
            PrefixSpace.EverySegment => true,
            PrefixSpace.EverySegmentWithout => spaced[0] != space,
            PrefixSpace.FirstSegmentWithout => isFirst && spaced[0] != space,
            _ => false,
        };
        return prefixed ? space + spaced : spaced;
    }

    private void EncodeWord(ReadOnlySpan<char> word, List<uint> symbols, List<uint> output)
    {
        symbols.Clear();
        if (rules.IsByteLevel)
        {
            AddBytes(word, symbols);
        }
        else
        {
            AddCharacters(word, symbols);
        }

        if (rules.PrefersWholeWords && TryWhole(word, out uint whole))
        {
            output.Add(whole);
            return;
        }

        merger.Merge(symbols, output);
    }

    private bool TryWhole(ReadOnlySpan<char> word, out uint id)
    {
        if (!rules.IsByteLevel)
        {
            return ids.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(word, out id);
        }

        id = 0;
        return word.Length <= TokenizerJson.TokenCharactersMax
            && ids.TryGetValue(ByteAlphabet.Write(Encoding.UTF8.GetBytes(word.ToString())), out id);
    }

    private void AddCharacters(ReadOnlySpan<char> word, List<uint> symbols)
    {
        Dictionary<string, uint>.AlternateLookup<ReadOnlySpan<char>> lookup =
            ids.GetAlternateLookup<ReadOnlySpan<char>>();
        while (word.Length > 0)
        {
            Rune.DecodeFromUtf16(word, out Rune rune, out int length);
            ReadOnlySpan<char> character = rune == Rune.ReplacementChar ? "\ufffd" : word[..length];
            if (lookup.TryGetValue(character, out uint id))
            {
                symbols.Add(id);
            }
            else
            {
                AddBytes(word[..length], symbols);
            }

            word = word[length..];
        }
    }

    private void AddBytes(ReadOnlySpan<char> text, List<uint> symbols)
    {
        Span<byte> utf8 = stackalloc byte[4];
        while (text.Length > 0)
        {
            Rune.DecodeFromUtf16(text, out Rune rune, out int length);
            int count = rune.EncodeToUtf8(utf8);
            foreach (byte value in utf8[..count])
            {
                symbols.Add(byteTokens[value] ?? throw new ArgumentException(
                    $"the text holds the character U+{rune.Value:X4}, and the vocabulary has no token for its byte "
                    + $"{value:X2}", nameof(text)));
            }

            text = text[length..];
        }
    }
}
