using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Trade;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Signing;

/// <summary>A sealed message that opened.</summary>
/// <param name="Content">What was sealed.</param>
/// <param name="Stake">The role's stake, to which it was sealed.</param>
/// <param name="StakeBlockTime">Time of the block that holds the stake, Unix seconds.</param>
internal sealed record OpenedOrder(byte[] Content, StakeId Stake, uint StakeBlockTime);

/// <summary>What the roles open and say towards other operators.</summary>
internal sealed class TradeSigner(SignerParts parts, WordSigner words)
{
    private Hash256 Genesis => parts.State.Network.GenesisHash.Value;

    /// <summary>Rule J-20: opens what is sealed to the worker's stake.</summary>
    public OpenedOrder OpenOrder(SealedMessage message) => Open(message, TradeMessageKind.Order, KeyRole.Worker);

    /// <summary>Rule J-20: opens what is sealed to the verifier's stake.</summary>
    public OpenedOrder OpenCheckRequest(SealedMessage message) =>
        Open(message, TradeMessageKind.CheckRequest, KeyRole.Verifier);

    /// <summary>Rule J-22: the worker's answer to an order, one for each job.</summary>
    public Task<SignedWord> SignOrderAnswerAsync(OrderAnswer answer, CancellationToken cancellationToken)
    {
        if (answer.Genesis != Genesis || answer.Stake != words.StakeOf(KeyRole.Worker))
        {
            throw SignerParts.Bad("answer: of another network, or with another stake than the worker's");
        }

        return words.SignOnceAsync(
            answer.JobId, "order-answer", new Word(KeyRole.Worker, answer.Encode(), answer.SigningHash),
            cancellationToken);
    }

    /// <summary>Rule J-25: the client asks a verifier; a later one may be another.</summary>
    public async Task<SignedWord> SignCheckRequestAsync(
        JobId jobId, StakeId verifier, Hash256 testamentHash, CancellationToken cancellationToken)
    {
        await parts.OfferAsync(jobId, cancellationToken);
        return words.Sign(KeyRole.Client, CheckRequest.SigningHash(Genesis, verifier, testamentHash));
    }

    private OpenedOrder Open(SealedMessage message, TradeMessageKind purpose, KeyRole role)
    {
        StakeId stake = words.StakeOf(role);
        Utxo? held = stake.IsNone ? null : parts.StakeAt(stake);
        SealingKeys keys = new(parts.State.Curve, parts.State.Keys[role].Private);
        return held is not null && message.Stake == stake
            && message.TryOpen(purpose, Genesis, keys, out byte[] content)
            ? new OpenedOrder(content, stake, held.BlockTime)
            : throw SignerParts.Refused(
                "sealed", $"it is not sealed to the stake of this node's {role.ToString().ToLowerInvariant()}");
    }
}
