using System.Text.Json;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Tokenization;

/// <summary>
/// The bytes that each token stands for, read from a byte-level <c>tokenizer.json</c>. Special tokens stand for none.
/// </summary>
internal sealed class TokenSpelling
{
    private readonly byte[][] bytes;

    private TokenSpelling(byte[][] bytes) => this.bytes = bytes;

    /// <summary>Reads the vocabulary of a package.</summary>
    /// <exception cref="ModelPackageException">It is no byte-level vocabulary of the right size.</exception>
    internal static TokenSpelling Read(ModelPackage package)
    {
        string path = package.PathOf(ModelPackage.TokenizerFile);
        byte[][] bytes = new byte[package.Manifest.VocabularySize][];
        Array.Fill(bytes, []);
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            JsonElement vocabulary = document.RootElement.GetProperty("model").GetProperty("vocab");
            foreach (JsonProperty token in vocabulary.EnumerateObject())
            {
                int id = token.Value.GetInt32();
                bool special = package.Manifest.SpecialTokens.Any(item => item.Id == id);
                bytes[id] = special ? [] : Spell(token.Name, path);
            }
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException
            or IndexOutOfRangeException or FormatException)
        {
            throw new ModelPackageException($"{path} is not a byte-level vocabulary of this model: {e.Message}", e);
        }

        return new TokenSpelling(bytes);
    }

    /// <summary>The bytes of a token; none for special tokens and for ids beyond the vocabulary.</summary>
    internal ReadOnlySpan<byte> Of(uint id) => id < bytes.Length ? bytes[id] : [];

    private static byte[] Spell(string letters, string path)
    {
        byte[] spelling = new byte[letters.Length];
        for (int i = 0; i < letters.Length; i++)
        {
            if (!ByteAlphabet.TryByte(letters[i], out spelling[i]))
            {
                throw new ModelPackageException($"{path}: token '{letters}' is not written in byte letters");
            }
        }

        return spelling;
    }
}
