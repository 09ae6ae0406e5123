using System.Text;
using System.Text.Unicode;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Tokenization;

/// <summary>The bytes that each token stands for. Special tokens stand for none.</summary>
internal sealed class TokenSpelling
{
    /// <summary>Stands in the cache for a token whose bytes are no whole characters.</summary>
    private static readonly string Broken = new('\ufffd', 1);

    private readonly byte[][] bytes;
    private readonly string?[] texts;

    /// <param name="vocabulary">The vocabulary.</param>
    /// <param name="name">What messages call its file.</param>
    /// <param name="special">Tokens that stand for no text.</param>
    /// <exception cref="ModelPackageException">A token is not written in the vocabulary's letters.</exception>
    internal TokenSpelling(TokenizerVocabulary vocabulary, string name, IReadOnlySet<uint> special)
    {
        bytes = new byte[vocabulary.Tokens.Length][];
        texts = new string?[bytes.Length];
        HashSet<uint> added = [.. vocabulary.AddedTokens.Select(token => token.Id)];
        for (uint id = 0; id < bytes.Length; id++)
        {
            bytes[id] = vocabulary.Tokens[id] switch
            {
                null => [],
                _ when special.Contains(id) => [],
                string text when vocabulary.Rules.IsByteLevel => Letters(text, added.Contains(id), name),
                string text when ByteToken.TryByte(text, out byte value) => [value],
                string text => Encoding.UTF8.GetBytes(text.Replace(TokenizerRulesReader.SpaceSymbol, ' ')),
            };
        }

        DropsFirstSpace = vocabulary.Rules.PrefixSpace != PrefixSpace.Never;
    }

    /// <summary>True where a text's first space was put there by the encoder.</summary>
    internal bool DropsFirstSpace { get; }

    /// <summary>The bytes of a token; none for special tokens and for ids beyond the vocabulary.</summary>
    internal ReadOnlySpan<byte> Of(uint id) => id < bytes.Length ? bytes[id] : [];

    /// <summary>The text of a token that is whole characters, made once; null for any other token.</summary>
    internal string? WholeText(uint id)
    {
        if (id >= bytes.Length)
        {
            return "";
        }

        string text = texts[id] ??= Utf8.IsValid(bytes[id]) ? Encoding.UTF8.GetString(bytes[id]) : Broken;
        return ReferenceEquals(text, Broken) ? null : text;
    }

    private static byte[] Letters(string text, bool isAdded, string name)
    {
        byte[] spelling = new byte[text.Length];
        for (int i = 0; i < text.Length; i++)
        {
            if (!ByteAlphabet.TryByte(text[i], out spelling[i]))
            {
                return isAdded
                    ? Encoding.UTF8.GetBytes(text)
                    : throw new ModelPackageException($"{name}: token '{text}' is not written in byte letters");
            }
        }

        return spelling;
    }
}
