using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Tokenization;

/// <summary>A chat template that the library renders. What it renders is text: it never sees a user's words.</summary>
/// <remarks>
/// The clock is hidden from templates, or a prompt would depend on the day: <c>strftime_now</c> is not defined there,
/// and those that ask for it fall back to their own date.
/// </remarks>
internal sealed unsafe class JinjaTemplate : IDisposable
{
    private const int MessageCharactersMax = 300;
    private const string Clock = "strftime_now", NoClock = "strftime_none";

    private static readonly JsonSerializerOptions JsonOptions = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Longest that a template may take: milliseconds are usual, its loops know no bound.</summary>
    private static readonly TimeSpan RenderTimeMax = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private readonly TimeSpan timeMax;
    private readonly string template;
    private nint handle;
    private bool isStuck;

    /// <param name="template">The template's text.</param>
    /// <param name="beginToken">What it calls <c>bos_token</c>.</param>
    /// <param name="endToken">What it calls <c>eos_token</c>.</param>
    /// <param name="timeMax">Longest that a rendering may take; null for the usual limit.</param>
    /// <exception cref="ModelPackageException">The text is too long.</exception>
    internal JinjaTemplate(string template, string beginToken, string endToken, TimeSpan? timeMax = null)
    {
        this.timeMax = timeMax ?? RenderTimeMax;
        if (template.Length > ChatTemplate.TextCharactersMax)
        {
            throw new ModelPackageException(
                $"the chat template has more than {ChatTemplate.TextCharactersMax} characters");
        }

        this.template = template.Replace(Clock, NoClock, StringComparison.Ordinal);
        byte[] config = JsonSerializer.SerializeToUtf8Bytes(new JsonObject
        {
            ["tokenizer_class"] = "GPT2Tokenizer", ["bos_token"] = beginToken, ["eos_token"] = endToken,
        });
        // The library wants a vocabulary; rendering reads none.
        ReadOnlySpan<byte> vocabulary =
            """
            {"version":"1.0","added_tokens":[],
            "model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}}
            """u8;
        fixed (byte* configBytes = config, vocabularyBytes = vocabulary)
        {
            OrtxTokenizerBlob blob = new()
            {
                Config = configBytes, ConfigBytes = (nuint)config.Length,
                Vocabulary = vocabularyBytes, VocabularyBytes = (nuint)vocabulary.Length,
            };
            OrtxLibrary.Check(OrtxLibrary.OrtxCreateTokenizerFromBlob(out handle, &blob));
        }
    }

    /// <summary>Renders messages up to where the answer begins.</summary>
    /// <exception cref="ModelPackageException">The template does not parse, uses something unknown, takes too long, or
    /// refuses the conversation; the message says what the template or the library said.</exception>
    internal string Render(IReadOnlyList<ChatMessage> messages)
    {
        JsonArray list = [.. messages.Select(message =>
            (JsonNode)new JsonObject { ["role"] = message.Role, ["content"] = message.Content })];
        string json = list.ToJsonString(JsonOptions);
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(handle == 0, this);
            // The library cannot be interrupted: what takes too long is left to its thread, and never called again.
            Task<string>? rendering = isStuck ? null : Task.Factory.StartNew(
                () => RenderNow(json), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            isStuck = rendering is null || !((IAsyncResult)rendering).AsyncWaitHandle.WaitOne(timeMax);
            return !isStuck
                ? rendering!.GetAwaiter().GetResult()
                : throw new ModelPackageException(
                    $"the chat template does not render within {timeMax.TotalSeconds} seconds");
        }
    }

    public void Dispose()
    {
        lock (gate)
        {
            if (!isStuck)
            {
                Release(ref handle);
            }
        }
    }

    private string RenderNow(string messages)
    {
        nint result = 0, tensor = 0;
        try
        {
            Check(OrtxLibrary.OrtxApplyChatTemplate(handle, template, messages, 0, out result, true, false));
            Check(OrtxLibrary.OrtxTensorResultGetAt(result, 0, out tensor));
            Check(OrtxLibrary.OrtxGetTensorData(tensor, out nint utf8, out _, out _));
            return Marshal.PtrToStringUTF8(utf8) ?? "";
        }
        finally
        {
            Release(ref tensor);
            Release(ref result);
        }
    }

    private static void Check(int error)
    {
        if (error == 0)
        {
            return;
        }

        string said = Marshal.PtrToStringUTF8(OrtxLibrary.OrtxGetLastErrorMessage()) ?? "";
        int excerpt = said.IndexOf(":\n", StringComparison.Ordinal);
        said = (excerpt < 0 ? said : said[..excerpt]).Replace(NoClock, Clock, StringComparison.Ordinal);
        throw new ModelPackageException(
            $"the chat template does not render: {said[..Math.Min(said.Length, MessageCharactersMax)]}");
    }

    private static void Release(ref nint item)
    {
        if (item != 0)
        {
            OrtxLibrary.Check(OrtxLibrary.OrtxDispose(ref item));
            item = 0;
        }
    }
}
