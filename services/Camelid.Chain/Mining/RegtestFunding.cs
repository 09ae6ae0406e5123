using Camelid.Chain.Blocks;
using Camelid.Chain.Keys;
using Camelid.Chain.Mempool;
using Camelid.Protocol;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;
using Camelid.ServiceDefaults.Hosting;
using Microsoft.Extensions.Options;

namespace Camelid.Chain.Mining;

/// <summary>What funding reads and where it hands in.</summary>
internal sealed record FundingParts(ChainState State, TransactionPool Pool, TransactionIntake Intake);

/// <summary>
/// Regtest: gives the operator's roles what they need, out of mined coin. Decides by the chain and the mempool alone,
/// so it can be cut off anywhere and asked again at any time.
/// </summary>
internal sealed partial class RegtestFunding(
    FundingParts parts, NodeRoles roles, IOptions<ChainOptions> options, TimeProvider time,
    ILogger<RegtestFunding> logger)
{
    /// <summary>Blocks before anything can be funded: the first coinbase is mature at the next one.</summary>
    public const int FirstBlocks = 11;

    private const int OutputsMax = 200;
    private const int InputsMax = 200;
    private static readonly TimeSpan DepositLife = TimeSpan.FromDays(365);
    private static readonly TimeSpan StakeLife = TimeSpan.FromDays(2 * 365);
    private readonly ChainState state = parts.State;
    private readonly TransactionPool pool = parts.Pool;
    private long demandedGrains;

    /// <summary>A deposit that holds less than this is used up as it is, and another is made.</summary>
    public long WorthyDepositGrains => options.Value.DepositGrains / 2;

    /// <summary>Coin of the miner that may be spent in the next block, in grains.</summary>
    public long SpendableGrains() =>
        state.Keys.CanSign ? MatureCoins().Sum(coin => coin.Value.Output.Value.Grains) : 0;

    /// <summary>Asks for one more deposit where none holds this much: the next round makes it.</summary>
    /// <param name="grains">At most a new deposit's coin.</param>
    public void DemandDeposit(long grains) => Interlocked.Exchange(ref demandedGrains, grains);

    /// <summary>
    /// Hands a funding transaction to the mempool where something is missing. A locked wallet funds nothing.
    /// </summary>
    /// <returns>True where a block must be mined before more can be done: there is not enough mature coin.</returns>
    public bool EnsureFunded()
    {
        if (!state.Keys.CanSign)
        {
            return false;
        }

        List<TxOutput> missing = MissingOutputs();
        if (!options.Value.Mine)
        {
            LeaveOut(missing, SpendableGrains());
        }

        if (missing.Count == 0)
        {
            return false;
        }

        if (TryMake(missing) is not { } funding)
        {
            return true;
        }

        PoolVerdict verdict = parts.Intake.Submit(funding);
        LogFunding(missing.Count, verdict.IsAccepted ? "accepted" : verdict.Reason);
        return false;
    }

    /// <summary>What stakes and deposits that are missing cost, with the fee; 0 where nothing is.</summary>
    public long MissingGrains()
    {
        List<TxOutput> missing = MissingOutputs();
        return missing.Count == 0 ? 0 : missing.Sum(output => output.Value.Grains) + options.Value.FundingFeeGrains;
    }

    /// <summary>True where a payment to the miner's key waits for its block.</summary>
    public bool IsPaidUnconfirmed() => pool.List().SelectMany(entry => entry.Transaction.Outputs).Any(output =>
        OutputPurpose.Of(output.Script) is { Kind: OutputKind.Address } purpose
        && state.Keys.RoleOf(purpose) == KeyRole.Miner);

    /// <summary>Pays somebody, out of mature coins.</summary>
    /// <returns>The payment; null where there are too few coins, or the mempool refuses.</returns>
    public Txid? TryPay(Address payee, long grains)
    {
        Transaction? payment = state.Keys.CanSign
            ? TryMake([new TxOutput(Amount.Grain(grains), payee.ToScript())])
            : null;
        return payment is not null && parts.Intake.Submit(payment).IsAccepted ? payment.Txid : null;
    }

    /// <summary>What cannot be paid for is left for later, deposits before stakes.</summary>
    private void LeaveOut(List<TxOutput> outputs, long spendable)
    {
        long needed = outputs.Sum(output => output.Value.Grains) + options.Value.FundingFeeGrains;
        while (outputs.Count > 0 && needed > spendable)
        {
            needed -= outputs[^1].Value.Grains;
            outputs.RemoveAt(outputs.Count - 1);
        }
    }

    /// <summary>Signs a transaction that makes outputs of mature coins; null where there are too few.</summary>
    private Transaction? TryMake(List<TxOutput> outputs)
    {
        long needed = outputs.Sum(output => output.Value.Grains) + options.Value.FundingFeeGrains;
        List<KeyValuePair<OutPoint, Utxo>> coins = [];
        long found = 0;
        foreach (KeyValuePair<OutPoint, Utxo> coin in MatureCoins().Take(InputsMax))
        {
            coins.Add(coin);
            found += coin.Value.Output.Value.Grains;
            if (found >= needed)
            {
                break;
            }
        }

        return found < needed ? null : Sign(coins, [.. outputs, .. Change(found - needed)]);
    }

    private List<TxOutput> MissingOutputs()
    {
        uint now = (uint)time.GetUtcNow().ToUnixTimeSeconds();
        List<TxOutput> missing = [];
        foreach (KeyRole role in StakedRoles(roles))
        {
            if (!Exists(OutputKind.Stake, role, 1))
            {
                Script stake = new StakeScript(now + (uint)StakeLife.TotalSeconds, state.Keys[role].Public).Build();
                missing.Add(new TxOutput(Amount.Grain(options.Value.StakeGrains), stake));
            }
        }

        if (!options.Value.FundClient || !roles.IsClient)
        {
            return missing;
        }

        Script deposit = new DepositScript(
            now + (uint)DepositLife.TotalSeconds, state.Keys[KeyRole.Client].Public).Build();
        int present = Count(OutputKind.Deposit, KeyRole.Client, WorthyDepositGrains);
        int wanted = Math.Min(options.Value.DepositCount - present, OutputsMax);
        long demanded = Interlocked.Exchange(ref demandedGrains, 0);
        wanted = demanded > 0 && wanted <= 0 && !Exists(OutputKind.Deposit, KeyRole.Client, demanded) ? 1 : wanted;
        for (int i = 0; i < wanted; i++)
        {
            missing.Add(new TxOutput(Amount.Grain(options.Value.DepositGrains), deposit));
        }

        return missing;
    }

    /// <summary>The roles of a node that have a stake.</summary>
    public static IEnumerable<KeyRole> StakedRoles(NodeRoles roles) =>
        new[] { KeyRole.Worker, KeyRole.Verifier }.Where(role =>
            role == KeyRole.Worker ? roles.IsWorker : roles.IsVerifier);

    private bool Exists(OutputKind kind, KeyRole role, long grainsMin) => Count(kind, role, grainsMin) > 0;

    /// <summary>Confirmed ones that nothing waiting spends, and those that waiting transactions make.</summary>
    private int Count(OutputKind kind, KeyRole role, long grainsMin)
    {
        OutPoint[] found = state.Read(reading => reading.Outputs.Own(kind, role)
            .Where(pair => pair.Value.Output.Value.Grains >= grainsMin).Select(pair => pair.Key).ToArray());
        int confirmed = found.Count(outPoint => !pool.Spends(outPoint));
        int waiting = pool.List().SelectMany(entry => entry.Transaction.Outputs).Count(output =>
        {
            OutputPurpose purpose = OutputPurpose.Of(output.Script);
            return purpose.Kind == kind && state.Keys.RoleOf(purpose) == role && output.Value.Grains >= grainsMin;
        });
        return confirmed + waiting;
    }

    /// <summary>The mempool is asked outside of the reading: it locks first itself, then the chain.</summary>
    private IEnumerable<KeyValuePair<OutPoint, Utxo>> MatureCoins() => state.Read(reading =>
            reading.Outputs.Own(OutputKind.Address, KeyRole.Miner)
                .Where(coin => coin.Value.IsMatureAt(reading.Tip.Height + 1, state.Network)).ToArray())
        .Where(coin => !pool.Spends(coin.Key));

    private IEnumerable<TxOutput> Change(long grains) => grains == 0
        ? []
        : [new TxOutput(Amount.Grain(grains), state.Keys[KeyRole.Miner].Address.ToScript())];

    private Transaction Sign(List<KeyValuePair<OutPoint, Utxo>> coins, List<TxOutput> outputs)
    {
        RoleKey miner = state.Keys[KeyRole.Miner];
        Transaction transaction = Transaction.Create(
            2, coins.Select(coin => new TxInput(coin.Key, Script.Empty, TxInput.SequenceFinal)), outputs, 0, default);
        for (int i = 0; i < coins.Count; i++)
        {
            byte[] signature = SignatureHash.Sign(
                transaction, i, coins[i].Value.Output.Script, miner.Private, state.Curve);
            transaction = transaction.WithScript(i, P2pkhScript.Unlock(signature, miner.Public));
        }

        return transaction;
    }

    [LoggerMessage(1010, LogLevel.Information, "Regtest funding of {Count} outputs: {Verdict}")]
    private partial void LogFunding(int count, string verdict);
}
