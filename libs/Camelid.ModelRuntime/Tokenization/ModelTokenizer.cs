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
/// <c>&lt;|end|&gt;</c> into a prompt gets its letters.
/// </summary>
public sealed class ModelTokenizer : IDisposable
{
    private readonly OrtxTokenizer library;
    private readonly TokenSpelling spelling;
    private readonly ModelManifest manifest;
    private readonly uint nulToken;

    private ModelTokenizer(ModelPackage package)
    {
        manifest = package.Manifest;
        Hash = Hash256.TryParse(manifest.TokenizerHash, out Hash256 hash) ? hash : default;
        spelling = TokenSpelling.Read(package);
        nulToken = FindNul();
        library = new OrtxTokenizer(package.Folder);
    }

    /// <summary>SHA-256 of <c>tokenizer.json</c>.</summary>
    public Hash256 Hash { get; }

    /// <summary>Opens the tokenizer of a package.</summary>
    /// <exception cref="ModelPackageException">The vocabulary is not one, or not the one that the manifest
    /// names.</exception>
    public static ModelTokenizer Open(ModelPackage package)
    {
        string path = package.PathOf(ModelPackage.TokenizerFile);
        string actual = Hashes.Sha256(File.ReadAllBytes(path)).ToString();
        return actual == package.Manifest.TokenizerHash
            ? new ModelTokenizer(package)
            : throw new ModelPackageException($"{path} does not have the hash of the manifest; fetch the model again");
    }

    /// <summary>Encodes text; no special token is added and none can arise from the text.</summary>
    public uint[] Encode(string text)
    {
        List<uint> ids = [];
        int start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\0')
            {
                Append(text[start..i], ids);
                ids.Add(nulToken);
                start = i + 1;
            }
            else if (SpecialAt(text, i))
            {
                // Cut behind the first letter: neither part holds the special token's text any more.
                Append(text[start..(i + 1)], ids);
                start = i + 1;
            }
        }

        Append(text[start..], ids);
        return [.. ids];
    }

    /// <summary>Decodes tokens to text; special tokens give none, broken characters give U+FFFD.</summary>
    public string Decode(ReadOnlySpan<uint> tokens)
    {
        StreamingDetokenizer stream = CreateStream();
        StringBuilder text = new();
        foreach (uint token in tokens)
        {
            text.Append(stream.Push(token));
        }

        return text.Append(stream.Flush()).ToString();
    }

    /// <summary>A detokenizer for tokens that come one by one.</summary>
    public StreamingDetokenizer CreateStream() => new(spelling);

    /// <summary>The bytes that a token stands for; none for special tokens.</summary>
    public byte[] TokenBytes(uint id) => spelling.Of(id).ToArray();

    /// <summary>The tokens of a conversation, up to where the answer begins.</summary>
    /// <exception cref="ArgumentException">There is no message, or a role that the model does not know.</exception>
    public uint[] RenderChat(IReadOnlyList<ChatMessage> messages)
    {
        ChatTemplate template = manifest.Chat
            ?? throw new ArgumentException(
                $"model {manifest.Name} knows no conversations; use a plain completion", nameof(messages));
        if (messages.Count == 0)
        {
            throw new ArgumentException("messages: a conversation needs at least one message", nameof(messages));
        }

        List<uint> ids = [];
        foreach (ChatMessage message in messages)
        {
            ChatRole role = template.Roles.FirstOrDefault(known => known.Role == message.Role)
                ?? throw new ArgumentException(
                    $"messages: model {manifest.Name} knows no role '{message.Role}'; it knows "
                    + string.Join(", ", template.Roles.Select(known => known.Role)), nameof(messages));
            ids.AddRange(role.Prefix);
            ids.AddRange(Encode(message.Content));
            ids.AddRange(role.Suffix);
        }

        ids.AddRange(template.AnswerPrefix);
        return [.. ids];
    }

    /// <summary>What the library itself decodes: for tests that hold both decoders together.</summary>
    internal string DecodeByLibrary(ReadOnlySpan<uint> tokens) => library.Decode(tokens);

    /// <summary>Releases the native tokenizer.</summary>
    public void Dispose() => library.Dispose();

    private void Append(string text, List<uint> ids)
    {
        if (text.Length > 0)
        {
            ids.AddRange(library.Encode(text));
        }
    }

    private bool SpecialAt(string text, int index) => manifest.SpecialTokens.Any(token =>
        token.Text.Length > 1 && string.CompareOrdinal(text, index, token.Text, 0, token.Text.Length) == 0);

    private uint FindNul()
    {
        for (uint id = 0; id < manifest.VocabularySize; id++)
        {
            if (spelling.Of(id) is [0])
            {
                return id;
            }
        }

        throw new ModelPackageException($"{ModelPackage.TokenizerFile}: the vocabulary has no token for byte 0");
    }
}
