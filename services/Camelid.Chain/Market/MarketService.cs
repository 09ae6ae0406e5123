using Camelid.Chain.Blocks;
using Camelid.Chain.Peers.Host;
using Camelid.Chain.Signing;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol.Market;
using Camelid.Protocol.Peers;
using Camelid.ServiceDefaults.Rpc;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.Chain.Market;

/// <summary>The operator's door to the market: messages for one node, announcements and offers for all.</summary>
internal sealed class MarketService(
    PeerHosting hosting, ChainState state, MessageHub hub, MarketSigner signer, MarketReader reader)
    : MarketRpc.MarketRpcBase
{
    /// <inheritdoc/>
    public override async Task<SendMessageReply> SendMessage(SendMessageRequest request, ServerCallContext context)
    {
        NodeId receiver = MarketMapping.NodeIdOf(request.Receiver);
        byte kind = MarketMapping.KindOf(request.Kind);
        if (request.Body.Length > MessageParts.BytesMax)
        {
            throw SignerParts.Bad($"body: {request.Body.Length} bytes, at most {MessageParts.BytesMax}");
        }

        byte[] body = request.Body.ToByteArray();
        if (receiver == hosting.NodeId)
        {
            hub.HandleOwn(receiver, kind, body);
            return new SendMessageReply { Neighbours = 1 };
        }

        int? neighbours = await hosting.AskAsync(engine => engine.Envelopes.SendMessage(receiver, kind, body));
        return neighbours is { } count
            ? new SendMessageReply { Neighbours = (uint)count }
            : throw RpcReason.Exception(
                StatusCode.ResourceExhausted, "too-many-messages", "too much waits to be sent. Try again soon.");
    }

    /// <inheritdoc/>
    public override async Task WatchMessages(
        WatchMessagesRequest request, IServerStreamWriter<NodeMessage> responseStream, ServerCallContext context)
    {
        if (request.Kinds.Count == 0)
        {
            throw SignerParts.Bad("kinds: name one at least");
        }

        using MessageSubscription subscription = hub.TrySubscribe([.. request.Kinds.Select(MarketMapping.KindOf)])
            ?? throw RpcReason.Exception(
                StatusCode.ResourceExhausted, "too-many-readers",
                $"{MessageHub.SubscriptionsMax} readers of messages are connected already");

        // The headers tell the caller that from now on nothing is missed.
        await context.WriteResponseHeadersAsync([]);
        try
        {
            await foreach (IncomingMessage message in subscription.ReadAllAsync(context.CancellationToken))
            {
                await responseStream.WriteAsync(
                    new NodeMessage
                    {
                        Sender = ByteString.CopyFrom(message.Sender.Value.ToBytes()),
                        Kind = message.Kind,
                        Body = UnsafeByteOperations.UnsafeWrap(message.Body),
                        SentUnix = message.Time,
                    },
                    context.CancellationToken);
            }
        }
        catch (OperationCanceledException) when (context.CancellationToken.IsCancellationRequested)
        {
            // The reader left.
        }
    }

    /// <inheritdoc/>
    public override async Task<AnnounceReply> AnnounceService(
        AnnounceServiceRequest request, ServerCallContext context) =>
        Reply(await signer.AnnounceAsync(MarketMapping.ServiceOf(request)));

    /// <inheritdoc/>
    public override async Task<AnnounceReply> AnnounceModels(
        AnnounceModelsRequest request, ServerCallContext context)
    {
        PeerAddress chunks = MarketMapping.ChunksOf(request, hosting, state);
        return Reply(await signer.AnnounceAsync(MarketMapping.HoldingOf(request, chunks)));
    }

    /// <inheritdoc/>
    public override async Task<AnnounceReply> AnnounceOffer(AnnounceOfferRequest request, ServerCallContext context) =>
        Reply(await signer.AnnounceOfferAsync(SignerParts.JobIdOf(request.JobId.Span), context.CancellationToken));

    /// <inheritdoc/>
    public override async Task<ListServicesReply> ListServices(ListServicesRequest request, ServerCallContext context)
    {
        ListServicesReply reply = new();
        reply.Services.AddRange(await reader.ServicesAsync(
            MarketMapping.RoleOf(request.Role), MarketMapping.RootOf(request.ModelRoot)));
        return reply;
    }

    /// <inheritdoc/>
    public override async Task<ListHoldingsReply> ListHoldings(ListHoldingsRequest request, ServerCallContext context)
    {
        ListHoldingsReply reply = new();
        reply.Holdings.AddRange(await reader.HoldingsAsync(MarketMapping.RootOf(request.ModelRoot)));
        return reply;
    }

    /// <inheritdoc/>
    public override async Task<ListOffersReply> ListOffers(ListOffersRequest request, ServerCallContext context)
    {
        ListOffersReply reply = new();
        reply.Offers.AddRange(await reader.OffersAsync(request.Limit switch
        {
            0 => MarketReader.OffersDefault,
            >= 1 and <= MarketReader.OffersMax => request.Limit,
            _ => throw SignerParts.Bad($"limit: {request.Limit}, not 0 … {MarketReader.OffersMax}"),
        }));
        return reply;
    }

    private static AnnounceReply Reply(Announced announced) => new()
    {
        Id = ByteString.CopyFrom(announced.Id.ToBytes()), Neighbours = (uint)announced.Neighbours,
    };
}
