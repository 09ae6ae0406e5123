using System.Collections.Concurrent;
using Camelid.Contracts.ModelRegistry.V1;
using Camelid.Gateway.Errors;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.Gateway.Models;

/// <summary>What the gateway asks of ModelRegistry: it knows no text rules itself.</summary>
internal sealed class ModelCatalog(ModelRegistryRpc.ModelRegistryRpcClient registry)
{
    private const int KnownTokensMax = 1_000_000;

    private readonly ConcurrentDictionary<(ByteString Root, uint TokenId), byte[]> tokenBytes = new();

    /// <summary>All models.</summary>
    public async Task<IReadOnlyList<Model>> ListAsync(CancellationToken cancellationToken) =>
        (await registry.ListModelsAsync(new ListModelsRequest(), cancellationToken: cancellationToken)).Models;

    /// <summary>One model by name or root; refused with 404 where it is not served.</summary>
    public async Task<Model> GetAsync(string model, CancellationToken cancellationToken)
    {
        try
        {
            return await registry.GetModelAsync(
                new GetModelRequest { Model = model }, cancellationToken: cancellationToken);
        }
        catch (RpcException exception) when (exception.StatusCode is StatusCode.NotFound or StatusCode.InvalidArgument)
        {
            throw ApiError.ModelNotFound(model);
        }
    }

    /// <summary>Token ids of texts. Text of a user never becomes a special token.</summary>
    public async Task<IReadOnlyList<IReadOnlyList<uint>>> TokenizeAsync(
        string model, IEnumerable<string> texts, CancellationToken cancellationToken)
    {
        TokensReply reply = await registry.TokenizeAsync(
            new TokenizeRequest { Model = model, Texts = { texts } }, cancellationToken: cancellationToken);
        return [.. reply.Lists.Select(list => list.Tokens)];
    }

    /// <summary>Token ids of a conversation, ready for the answer.</summary>
    public async Task<IReadOnlyList<uint>> RenderChatAsync(
        string model, IEnumerable<ChatMessage> messages, CancellationToken cancellationToken)
    {
        TokensReply reply = await registry.RenderChatAsync(
            new RenderChatRequest { Model = model, Messages = { messages } }, cancellationToken: cancellationToken);
        return reply.Lists[0].Tokens;
    }

    /// <summary>Text of token ids.</summary>
    public async Task<string> DetokenizeAsync(
        string model, IEnumerable<uint> tokens, CancellationToken cancellationToken) =>
        (await registry.DetokenizeAsync(
            new DetokenizeRequest { Model = model, Tokens = { tokens } }, cancellationToken: cancellationToken)).Text;

    /// <summary>Bytes of one token; asked for once.</summary>
    public async Task<byte[]> TokenBytesAsync(Model model, uint tokenId, CancellationToken cancellationToken)
    {
        (ByteString Root, uint TokenId) key = (model.Root, tokenId);
        if (tokenBytes.TryGetValue(key, out byte[]? known))
        {
            return known;
        }

        DetokenizeReply reply = await registry.DetokenizeAsync(
            new DetokenizeRequest { Model = model.Name, Tokens = { tokenId } }, cancellationToken: cancellationToken);
        byte[] bytes = reply.TokenBytes.Count > 0 ? reply.TokenBytes[0].ToByteArray() : [];
        if (tokenBytes.Count >= KnownTokensMax)
        {
            tokenBytes.Clear();
        }

        tokenBytes[key] = bytes;
        return bytes;
    }
}
