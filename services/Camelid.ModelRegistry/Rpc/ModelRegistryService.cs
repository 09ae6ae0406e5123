using Camelid.Contracts.ModelRegistry.V1;
using Camelid.ModelRegistry.Catalog;
using Camelid.ModelRuntime.Engine;
using Camelid.ModelRuntime.Packages;
using Camelid.Protocol;
using Camelid.ServiceDefaults.Rpc;
using Google.Protobuf;
using Grpc.Core;
using RuntimeMessage = Camelid.ModelRuntime.Tokenization.ChatMessage;

namespace Camelid.ModelRegistry.Rpc;

/// <summary>Answers <c>ModelRegistryRpc</c>.</summary>
internal sealed partial class ModelRegistryService(
    ModelCatalog catalog, DistributionAnswers distribution, ILogger<ModelRegistryService> logger)
    : ModelRegistryRpc.ModelRegistryRpcBase
{
    /// <summary>Most texts, or messages of a conversation, in one question.</summary>
    public const int TextsMax = 2048;

    /// <summary>Most tokens in one question.</summary>
    public const int TokensMax = 1 << 18;

    public override Task<ListModelsReply> ListModels(ListModelsRequest request, ServerCallContext context)
    {
        ListModelsReply reply = new();
        reply.Models.AddRange(catalog.Entries
            .Where(entry => entry.IsIntact).Select(entry => ModelFacts.Of(entry.Package!)));
        return Task.FromResult(reply);
    }

    public override Task<Model> GetModel(GetModelRequest request, ServerCallContext context) =>
        Task.FromResult(ModelFacts.Of(Usable(request.Model).Package!));

    public override Task<TokensReply> Tokenize(TokenizeRequest request, ServerCallContext context)
    {
        ModelEntry entry = Usable(request.Model);
        CheckCount(request.Texts.Count, TextsMax, "texts");
        TokensReply reply = new();
        foreach (string text in request.Texts)
        {
            reply.Lists.Add(ListOf(Checked(() => entry.Tokenizer!.EncodePrompt(text))));
        }

        return Task.FromResult(reply);
    }

    public override Task<TokensReply> RenderChat(RenderChatRequest request, ServerCallContext context)
    {
        ModelEntry entry = Usable(request.Model);
        CheckCount(request.Messages.Count, TextsMax, "messages");
        if (entry.Package!.Manifest.Chat is not { } chat)
        {
            throw RpcReason.Exception(
                StatusCode.FailedPrecondition, "no-chat-template",
                $"model '{entry.Name}' knows no conversations; use a prompt");
        }

        string[] roles = [.. chat.Roles.Select(role => role.Role)];
        if (request.Messages.FirstOrDefault(message => !roles.Contains(message.Role)) is { } stranger)
        {
            throw new RpcException(new Status(
                StatusCode.InvalidArgument,
                $"messages: role '{stranger.Role}' is unknown to model '{entry.Name}'; it knows "
                + $"{string.Join(", ", roles)}"));
        }

        TokensReply reply = new();
        RuntimeMessage[] messages =
            [.. request.Messages.Select(message => new RuntimeMessage(message.Role, message.Content))];
        reply.Lists.Add(ListOf(Checked(() => entry.Tokenizer!.RenderChat(messages))));
        return Task.FromResult(reply);
    }

    public override Task<DetokenizeReply> Detokenize(DetokenizeRequest request, ServerCallContext context)
    {
        ModelEntry entry = Usable(request.Model);
        CheckCount(request.Tokens.Count, TokensMax, "tokens");
        int vocabularySize = entry.Package!.Manifest.VocabularySize;
        if (request.Tokens.Any(token => token >= vocabularySize))
        {
            throw new RpcException(new Status(
                StatusCode.InvalidArgument, $"tokens: ids of model '{entry.Name}' are below {vocabularySize}"));
        }

        DetokenizeReply reply = new();
        if (request.Tokens.Count > 0)
        {
            reply.Text = entry.Tokenizer!.Decode([.. request.Tokens]);
            reply.TokenBytes.AddRange(
                request.Tokens.Select(token => ByteString.CopyFrom(entry.Tokenizer.TokenBytes(token))));
        }

        return Task.FromResult(reply);
    }

    public override Task<RenderAnswerReply> RenderAnswer(RenderAnswerRequest request, ServerCallContext context)
    {
        ModelEntry entry = Usable(request.Model);
        CheckCount(request.Tokens.Count, TokensMax, "tokens");
        CheckCount(request.StopStrings.Count, TextsMax, "stop_strings");
        ModelManifest manifest = entry.Package!.Manifest;
        if (request.Tokens.Any(token => token >= manifest.VocabularySize)
            || request.StopStrings.Any(string.IsNullOrEmpty))
        {
            throw new RpcException(new Status(
                StatusCode.InvalidArgument,
                $"tokens: ids of model '{entry.Name}' are below {manifest.VocabularySize}; "
                + "stop_strings: none is empty"));
        }

        HashSet<uint> ends = [.. manifest.EndTokens, .. request.StopTokens];
        string text = AnswerText.Of(entry.Tokenizer!, [.. request.Tokens], ends, request.StopStrings);
        return Task.FromResult(new RenderAnswerReply { Text = text });
    }

    public override async Task FetchFile(
        FetchFileRequest request, IServerStreamWriter<FileChunk> responseStream, ServerCallContext context)
    {
        if (request.Root.Length != Hash256.Bytes)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, "root: 32 bytes"));
        }

        ModelEntry entry = Usable(Hash256.FromBytes(request.Root.Span).ToString());
        try
        {
            await PackageReading.SendAsync(entry.Package!, request, responseStream, context.CancellationToken);
        }
        catch (Exception exception) when (exception is ModelPackageException or IOException)
        {
            LogDamagedWhileServing(entry.Name, exception.Message);
            catalog.MarkDamaged(entry.Root, exception.Message);
            throw Damaged(entry.Name, exception.Message);
        }
    }

    public override Task<Model> PublishModel(PublishModelRequest request, ServerCallContext context) =>
        distribution.PublishAsync(request.Model, context.CancellationToken);

    public override Task<PullDetails> PullModel(PullModelRequest request, ServerCallContext context) =>
        distribution.PullAsync(request.Model, context.CancellationToken);

    public override Task WatchPull(
        WatchPullRequest request, IServerStreamWriter<PullDetails> responseStream, ServerCallContext context) =>
        distribution.WatchAsync(request.Root, responseStream, context.CancellationToken);

    public override Task<ListPullsReply> ListPulls(ListPullsRequest request, ServerCallContext context) =>
        Task.FromResult(distribution.List());

    public override Task<RemoveModelReply> RemoveModel(RemoveModelRequest request, ServerCallContext context) =>
        distribution.RemoveAsync(request.Model, context.CancellationToken);

    public override Task<ListAnnouncedReply> ListAnnounced(ListAnnouncedRequest request, ServerCallContext context) =>
        distribution.AnnouncedAsync(context.CancellationToken);

    private static RpcException Damaged(string name, string damage) => RpcReason.Exception(
        StatusCode.DataLoss, "model-damaged", $"model '{name}': {damage}; a restart imports the embedded model again");

    private static TokenList ListOf(uint[] tokens)
    {
        TokenList list = new();
        list.Tokens.AddRange(tokens);
        return list;
    }

    /// <summary>What the tokenizer refuses (a text too long, an order of roles) is the caller's to change.</summary>
    private static uint[] Checked(Func<uint[]> encode)
    {
        try
        {
            return encode();
        }
        catch (ArgumentException exception)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, exception.Message));
        }
    }

    private static void CheckCount(int count, int countMax, string field)
    {
        if (count > countMax)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, $"{field}: at most {countMax}, got {count}"));
        }
    }

    private ModelEntry Usable(string model)
    {
        ModelEntry? entry = catalog.Find(model);
        if (entry is { IsIntact: true })
        {
            return entry;
        }

        throw entry is null
            ? RpcReason.Exception(
                StatusCode.NotFound, "unknown-model",
                $"model '{model}' is not here; known: {string.Join(", ", catalog.Entries.Select(known => known.Name))}")
            : Damaged(entry.Name, entry.Damage);
    }

    [LoggerMessage(5005, LogLevel.Error, "Model {Name} turned out damaged: {Damage}")]
    private partial void LogDamagedWhileServing(string name, string damage);
}
