using Camelid.Chain.Blocks;
using Camelid.Chain.Mempool;
using Camelid.Protocol;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Market;
using Camelid.Protocol.Transactions;
using Microsoft.Extensions.Options;

namespace Camelid.Chain.Mining;

/// <summary>What became of a request for coin.</summary>
internal enum FaucetAnswer
{
    /// <summary>Not judged.</summary>
    Unset = 0,

    /// <summary>A payment was handed to the mempool.</summary>
    Paid = 1,

    /// <summary>Of another network, or out of form.</summary>
    Refused = 2,

    /// <summary>That key was paid before, or as many were as may be.</summary>
    PaidBefore = 3,

    /// <summary>Not now: the last payment waits, or there is too little coin beside the own needs.</summary>
    NotNow = 4,
}

/// <summary>
/// Rule P-66: on regtest one node mines, so one has all the coin: it pays each key once that a neighbour names, and a
/// node that does not mine asks while it cannot pay for its stakes and deposits. On other networks there is none.
/// </summary>
internal sealed class RegtestFaucet(
    ChainState state, TransactionPool pool, RegtestFunding funding, IOptions<ChainOptions> options)
{
    /// <summary>Keys that are paid between start and end of a process.</summary>
    public const int PayeesMax = 256;

    private readonly HashSet<Hash160> paid = [];
    private Txid last;

    /// <summary>True where this node asks.</summary>
    public bool Asks => IsOn && !options.Value.Mine;

    /// <summary>True where this node pays.</summary>
    public bool Pays => IsOn && options.Value.Mine;

    private bool IsOn => options.Value.Faucet && state.Network.HasFixedDifficulty;

    /// <summary>What neighbours are to be asked for; null where nothing is missing, or nothing can be signed.</summary>
    public FundingRequest? Ask()
    {
        if (!Asks || !state.Keys.CanSign)
        {
            return null;
        }

        long missing = funding.MissingGrains() - funding.SpendableGrains();
        return missing <= 0 || funding.IsPaidUnconfirmed()
            ? null
            : new FundingRequest
            {
                Genesis = state.Network.GenesisHash.Value,
                Payee = state.Keys[KeyRole.Miner].Address.KeyHash,
                Grains = Math.Min(missing, FundingRequest.GrainsMax),
            };
    }

    /// <summary>Pays a request, where it may. One caller at a time.</summary>
    public FaucetAnswer Pay(ReadOnlySpan<byte> body)
    {
        if (!Pays || !FundingRequest.TryDecode(body, out FundingRequest? request)
            || request!.Genesis != state.Network.GenesisHash.Value)
        {
            return FaucetAnswer.Refused;
        }

        if (paid.Contains(request.Payee) || paid.Count >= PayeesMax)
        {
            return FaucetAnswer.PaidBefore;
        }

        long own = funding.MissingGrains();
        if (pool.Has(last) || own > 0
            || funding.TryPay(new Address(state.Network.AddressVersion, request.Payee), request.Grains) is not { } txid)
        {
            return FaucetAnswer.NotNow;
        }

        last = txid;
        paid.Add(request.Payee);
        return FaucetAnswer.Paid;
    }
}
