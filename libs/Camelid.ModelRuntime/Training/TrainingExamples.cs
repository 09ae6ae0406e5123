using System.Text.Json;
using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Tokenization;

namespace Camelid.ModelRuntime.Training;

/// <summary>A text to learn, as tokens.</summary>
/// <param name="Tokens">All of it, the end token included.</param>
/// <param name="CountedFrom">Index of the first token that is to be predicted; what stands before is given.</param>
internal readonly record struct TrainingExample(uint[] Tokens, int CountedFrom);

/// <summary>
/// Reads what a LoRA learns: a text file whose documents are separated by empty lines, or a <c>.jsonl</c> file whose
/// lines are <c>{"text"}</c>, <c>{"prompt","completion"}</c> or <c>{"messages":[{"role","content"}]}</c>. Of a prompt
/// or a conversation only the answers are learnt.
/// </summary>
internal sealed class TrainingExamples(ModelTokenizer tokenizer, ModelManifest manifest)
{
    /// <summary>Most characters of a line or document.</summary>
    internal const int CharactersMax = 1 << 20;

    /// <summary>Most bytes of a file.</summary>
    internal const long FileBytesMax = 1L << 30;

    /// <summary>Reads a file.</summary>
    /// <exception cref="ModelPackageException">A line is none of the forms; the text names it.</exception>
    internal IReadOnlyList<TrainingExample> Read(string path)
    {
        if (!File.Exists(path))
        {
            throw new ModelPackageException($"{path} does not exist; give a .txt or .jsonl file");
        }

        if (new FileInfo(path).Length > FileBytesMax)
        {
            throw new ModelPackageException($"{path} is longer than {FileBytesMax} bytes; give a part of it");
        }

        List<TrainingExample> examples = path.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase)
            ? ReadLines(path)
            : ReadDocuments(path);
        return examples.Count > 0 ? examples : throw new ModelPackageException($"{path} holds no text to learn");
    }

    private List<TrainingExample> ReadDocuments(string path)
    {
        List<TrainingExample> examples = [];
        string text = File.ReadAllText(path).ReplaceLineEndings("\n");
        foreach (string document in text.Split("\n\n"))
        {
            if (document.Trim() is { Length: > 0 and <= CharactersMax } words)
            {
                examples.Add(OfText(words));
            }
        }

        return examples;
    }

    private List<TrainingExample> ReadLines(string path)
    {
        List<TrainingExample> examples = [];
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            if (line.Length > CharactersMax)
            {
                throw new ModelPackageException($"{path}, line {number}, is longer than {CharactersMax} characters");
            }

            if (line.Trim().Length == 0)
            {
                continue;
            }

            try
            {
                TrainingLine? read = JsonSerializer.Deserialize<TrainingLine>(line, JsonSerializerOptions.Web);
                examples.AddRange(read is null ? throw new JsonException("null") : Of(read));
            }
            catch (JsonException e)
            {
                throw new ModelPackageException($"{path}, line {number}, is not JSON of a known form: {e.Message}", e);
            }
            catch (ArgumentException e)
            {
                throw new ModelPackageException($"{path}, line {number}: {e.Message}", e);
            }
        }

        return examples;
    }

    private IEnumerable<TrainingExample> Of(TrainingLine line) => line switch
    {
        { Text: string text } => [OfText(text)],
        { Prompt: string prompt, Completion: string completion } =>
            [OfAnswer(tokenizer.EncodePrompt(prompt), completion)],
        { Messages: IReadOnlyList<ChatMessage> messages } when messages.Any(IsAnswer) =>
            OfMessages([.. messages]),
        _ => throw new JsonException("it needs text, or prompt and completion, or messages with an assistant's"),
    };

    private IEnumerable<TrainingExample> OfMessages(ChatMessage[] messages) =>
        Enumerable.Range(1, messages.Length - 1).Where(index => IsAnswer(messages[index]))
            .Select(index => OfAnswer(tokenizer.RenderChat(messages[..index]), messages[index].Content));

    private static bool IsAnswer(ChatMessage message) => message.Role == "assistant";

    private TrainingExample OfText(string text) => new([.. tokenizer.EncodePrompt(text), EndToken()], 1);

    private TrainingExample OfAnswer(uint[] given, string answer) =>
        new([.. given, .. tokenizer.Encode(answer), EndToken()], Math.Max(1, given.Length));

    /// <summary>What ends an answer: the token after it in a conversation, where that is an end token.</summary>
    private uint EndToken()
    {
        uint? next = manifest.Chat?.Between("assistant", "user")?.FirstOrDefault().Token;
        return next is uint token && manifest.EndTokens.Contains(token) ? token : manifest.EndTokens[0];
    }

    private sealed record TrainingLine(
        string? Text, string? Prompt, string? Completion, IReadOnlyList<ChatMessage>? Messages);
}
