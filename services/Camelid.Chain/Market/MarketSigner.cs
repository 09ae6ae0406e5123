using Camelid.Chain.Peers.Host;
using Camelid.Chain.Peers.Market;
using Camelid.Chain.Signing;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Market;
using Camelid.ServiceDefaults.Rpc;
using Grpc.Core;

namespace Camelid.Chain.Market;

/// <summary>What was told.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Neighbours">Neighbours that are told.</param>
internal sealed record Announced(Hash256 Id, int Neighbours);

/// <summary>
/// Signs what this operator tells everybody, each under the key that it is about: a service under its stake's, holdings
/// under the node's, an offer under the client's.
/// </summary>
internal sealed class MarketSigner(SignerParts parts, WordSigner words, PeerHosting hosting, TimeProvider time)
{
    /// <summary>Seconds that an announcement may be dated ahead because they follow each other so fast.</summary>
    private const uint AheadSecondsMax = 10;

    private Hash256 Genesis => parts.State.Network.GenesisHash.Value;

    /// <summary>Tells what a role does. The stake and its key are the operator's own.</summary>
    /// <param name="draft">All but genesis, node, key, stake and time, which are filled in.</param>
    /// <exception cref="RpcException">no-stake, wallet-locked, no-wallet, or a field out of its bounds.</exception>
    public async Task<Announced> AnnounceAsync(ServiceAnnouncement draft)
    {
        KeyRole role = draft.Role == ServiceRole.Worker ? KeyRole.Worker : KeyRole.Verifier;
        StakeId stake = words.StakeOf(role);
        if (stake.IsNone)
        {
            throw SignerParts.Refused("no-stake", $"the {role}'s stake is in no block yet. Try again soon.");
        }

        ServiceAnnouncement filled = draft with
        {
            Genesis = Genesis, Node = hosting.NodeId, StakeKey = parts.State.Keys[role].Public, Stake = stake,
        };
        PrivateKey key = parts.State.Keys[role].Private;
        return await TellAsync(await DatedAsync(filled), key);
    }

    /// <summary>Tells which models this node serves chunks of.</summary>
    /// <param name="draft">All but genesis, key and time, which are filled in.</param>
    public async Task<Announced> AnnounceAsync(HoldingAnnouncement draft)
    {
        HoldingAnnouncement filled = draft with { Genesis = Genesis, NodeKey = hosting.Identity.PublicKey };
        return await TellAsync(await DatedAsync(filled), hosting.Identity.Key);
    }

    /// <summary>Tells of a job that was offered; told already, it is not told anew.</summary>
    /// <exception cref="RpcException">NOT_FOUND: this node made no offer for it.</exception>
    public async Task<Announced> AnnounceOfferAsync(JobId jobId, CancellationToken cancellationToken)
    {
        OfferRow? offer = await parts.Store.FindOfferAsync(jobId, cancellationToken);
        JobTransactionRow? row = await parts.Store.FindAsync(jobId, JobTransactionKind.Offer, cancellationToken);
        if (offer is null || row is null)
        {
            throw RpcReason.Exception(
                StatusCode.NotFound, "no-offer", $"job {jobId}: this node made no offer for it. Call OpenOffer first.");
        }

        JobOffer told = JobOffer.Of(offer.Job, Genesis, hosting.NodeId, row.Transaction.Txid.Value);
        return await TellAsync(told, parts.State.Keys[KeyRole.Client].Private);
    }

    /// <summary>A later time than that of what it takes the place of.</summary>
    private async Task<T> DatedAsync<T>(T filled)
        where T : MarketItem
    {
        uint now = (uint)time.GetUtcNow().ToUnixTimeSeconds();
        uint created = await hosting.AskAsync(engine => engine.Market.Table.FindSame(filled) is { } same
            ? Math.Max(now, same.Item.Created + MarketTable.RenewSecondsMin)
            : now);
        return created <= now + AheadSecondsMax
            ? filled with { Created = created }
            : throw RpcReason.Exception(
                StatusCode.ResourceExhausted, "too-often", "announced too often. Try again in some seconds.");
    }

    private async Task<Announced> TellAsync(MarketItem item, PrivateKey key)
    {
        if (!item.IsInForm)
        {
            throw SignerParts.Bad("announcement: a field is out of its bounds (rules J-13 to J-15)");
        }

        MarketItem signed = item with { Signature = parts.State.Curve.Sign(key, item.SigningHash) };
        (RuleCode code, int neighbours) = await hosting.AskAsync(engine =>
            (engine.Market.Publish(signed), engine.Market.ToldCount));
        return code switch
        {
            RuleCode.Accepted => new Announced(signed.Id, neighbours),
            RuleCode.MarketOutdated when item is JobOffer => new Announced(signed.Id, neighbours),
            _ => throw SignerParts.Refused(code.ToReason(), $"not told: {code.ToReason()}"),
        };
    }
}
