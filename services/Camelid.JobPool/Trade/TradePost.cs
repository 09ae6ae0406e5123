using Camelid.Contracts.Chain.V1;
using Camelid.JobPool.Submission;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Trade;
using Google.Protobuf;
using Grpc.Core;

namespace Camelid.JobPool.Trade;

/// <summary>Sends messages to other operators' nodes. Each may be lost: whoever sends repeats it until it is answered.
/// </summary>
internal sealed partial class TradePost(MarketRpc.MarketRpcClient market, ISecp256k1 curve, ILogger<TradePost> logger)
{
    /// <summary>Hands a message to this node's neighbours.</summary>
    /// <returns>False where it could not be handed on now.</returns>
    public async Task<bool> SendAsync(
        byte[] node, TradeMessageKind kind, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        try
        {
            SendMessageReply reply = await market.SendMessageAsync(
                new SendMessageRequest
                {
                    Receiver = ByteString.CopyFrom(node),
                    Kind = (uint)kind,
                    Body = UnsafeByteOperations.UnsafeWrap(body),
                },
                cancellationToken: cancellationToken);
            return reply.Neighbours > 0;
        }
        catch (RpcException exception) when (!cancellationToken.IsCancellationRequested)
        {
            LogNotSent(kind, Convert.ToHexStringLower(node), exception.Status.Detail);
            return false;
        }
    }

    /// <summary>Seals content to a stake's key, with a fresh one-time key.</summary>
    public SealedMessage Seal(
        TradeMessageKind kind, SealedAddress address, PublicKey stakeKey, ReadOnlySpan<byte> content) =>
        SealedMessage.Seal(kind, address, new SealingKeys(curve, RandomKey.Draw(curve)), stakeKey, content);

    [LoggerMessage(2050, LogLevel.Information,
        "A message {Kind} to node {Node} is not sent and will be repeated: {Reason}")]
    private partial void LogNotSent(TradeMessageKind kind, string node, string reason);
}
