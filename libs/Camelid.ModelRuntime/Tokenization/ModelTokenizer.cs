using System.Text;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol;

namespace Camelid.ModelRuntime.Tokenization;

/// <summary>A message of a conversation.</summary>
/// <param name="Role">system, user or assistant.</param>
/// <param name="Content">The words.</param>
public readonly record struct ChatMessage(string Role, string Content);

/// <summary>
/// The tokenizer of a model package; needs no weights. Text never becomes a special token: whoever writes
/// <c>&lt;|end|&gt;</c> into a prompt gets its letters. Safe for many threads at once.
/// </summary>
public sealed class ModelTokenizer : IDisposable
{
    private readonly TokenSpelling spelling;
    private readonly TextEncoder encoder;
    private readonly ChatRenderer chat;
    private readonly TokenizerSettings settings;

    private ModelTokenizer(byte[] json, string name, TokenizerSettings settings)
    {
        this.settings = settings;
        Hash = Hashes.Sha256(json);
        TokenizerVocabulary vocabulary = TokenizerJson.Read(json, name, settings.VocabularySize);
        HashSet<uint> special = [.. settings.SpecialTokens.Select(token => token.Id)];
        special.UnionWith(vocabulary.AddedTokens.Where(token => token.IsSpecial).Select(token => token.Id));
        spelling = new TokenSpelling(vocabulary, name, special);
        encoder = new TextEncoder(vocabulary, name, special);
        chat = new ChatRenderer(settings, vocabulary, encoder);
    }

    /// <summary>SHA-256 of <c>tokenizer.json</c>.</summary>
    public Hash256 Hash { get; }

    /// <summary>Opens the tokenizer of a package.</summary>
    /// <exception cref="ModelPackageException">The vocabulary is not one, or not the one that the manifest
    /// names.</exception>
    public static ModelTokenizer Open(ModelPackage package)
    {
        string path = package.PathOf(ModelPackage.TokenizerFile);
        ModelTokenizer tokenizer = new(File.ReadAllBytes(path), path, TokenizerSettings.Of(package.Manifest));
        return tokenizer.Hash.ToString() == package.Manifest.TokenizerHash
            ? tokenizer
            : throw new ModelPackageException($"{path} does not have the hash of the manifest; fetch the model again");
    }

    /// <summary>Opens a vocabulary file's bytes, without a package.</summary>
    /// <param name="json">The bytes of a <c>tokenizer.json</c>.</param>
    /// <param name="name">What messages call the file.</param>
    /// <param name="settings">What the tokenizer needs beside it.</param>
    /// <exception cref="ModelPackageException">The vocabulary is not one.</exception>
    public static ModelTokenizer Open(byte[] json, string name, TokenizerSettings settings) =>
        new(json, name, settings);

    /// <summary>Encodes text; no special token is added and none can arise from the text.</summary>
    /// <exception cref="ArgumentException">The text is too long.</exception>
    public uint[] Encode(string text)
    {
        List<uint> ids = [];
        encoder.Encode(text, isFirst: true, ids);
        return [.. ids];
    }

    /// <summary>Encodes a prompt that is no conversation: the model's begin token, where it wants one, and the text.
    /// </summary>
    /// <exception cref="ArgumentException">The text is too long.</exception>
    public uint[] EncodePrompt(string text)
    {
        List<uint> ids = settings.BeginToken is { } begin ? [begin] : [];
        encoder.Encode(text, isFirst: true, ids);
        return [.. ids];
    }

    /// <summary>
    /// Decodes tokens that are a whole text; special tokens give none, broken characters give U+FFFD, and the space
    /// that the encoder put before the first word is taken away.
    /// </summary>
    public string Decode(ReadOnlySpan<uint> tokens) =>
        Decode(tokens, new StreamingDetokenizer(spelling, isTextStart: true));

    /// <summary>Decodes the tokens of an answer: they follow a prompt, and keep their first space.</summary>
    public string DecodeAnswer(ReadOnlySpan<uint> tokens) => Decode(tokens, CreateStream());

    private static string Decode(ReadOnlySpan<uint> tokens, StreamingDetokenizer stream)
    {
        StringBuilder text = new();
        foreach (uint token in tokens)
        {
            text.Append(stream.Push(token));
        }

        return text.Append(stream.Flush()).ToString();
    }

    /// <summary>A detokenizer for tokens that come one by one after a prompt: it keeps their first space.</summary>
    public StreamingDetokenizer CreateStream() => new(spelling, isTextStart: false);

    /// <summary>The bytes that a token stands for; none for special tokens.</summary>
    public byte[] TokenBytes(uint id) => spelling.Of(id).ToArray();

    /// <summary>The tokens of a conversation, up to where the answer begins.</summary>
    /// <exception cref="ArgumentException">There is no message, a role that the model does not know, or an order of
    /// roles that it does not know.</exception>
    public uint[] RenderChat(IReadOnlyList<ChatMessage> messages) => chat.Render(messages);

    /// <summary>Releases what the chat template holds.</summary>
    public void Dispose() => chat.Dispose();
}
