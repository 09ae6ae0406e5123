using Camelid.Chain.Peers.Host;
using Camelid.Chain.Signing;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol;
using Camelid.Protocol.Market;
using Camelid.Protocol.Peers;
using Camelid.ServiceDefaults.Rpc;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.Chain.Market;

/// <summary>The operator's door to the market: messages for one node, announcements and offers for all.</summary>
internal sealed class MarketService(PeerHosting hosting, MessageHub hub, TimeProvider time) : MarketRpc.MarketRpcBase
{
    /// <inheritdoc/>
    public override async Task<SendMessageReply> SendMessage(SendMessageRequest request, ServerCallContext context)
    {
        NodeId receiver = NodeIdOf(request.Receiver);
        byte kind = KindOf(request.Kind);
        if (request.Body.Length > MessageParts.BytesMax)
        {
            throw SignerParts.Bad($"body: {request.Body.Length} bytes, at most {MessageParts.BytesMax}");
        }

        byte[] body = request.Body.ToByteArray();
        if (receiver == hosting.NodeId)
        {
            hub.HandleOwn(new IncomingMessage(receiver, kind, body, (uint)time.GetUtcNow().ToUnixTimeSeconds()));
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

        using MessageSubscription subscription = hub.TrySubscribe([.. request.Kinds.Select(KindOf)])
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

    private static NodeId NodeIdOf(ByteString bytes)
    {
        NodeId id = bytes.Length == NodeId.Bytes ? new NodeId(Hash160.FromBytes(bytes.Span)) : default;
        return id.IsNone ? throw SignerParts.Bad($"receiver: a node's name has {NodeId.Bytes} bytes") : id;
    }

    private static byte KindOf(uint kind) => kind is >= 1 and <= byte.MaxValue
        ? (byte)kind
        : throw SignerParts.Bad($"kind: {kind}, not 1 … 255");
}
