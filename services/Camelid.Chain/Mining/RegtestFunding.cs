using Camelid.Chain.Blocks;
using Camelid.Chain.Keys;
using Camelid.Chain.Mempool;
using Camelid.Protocol;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;
using Microsoft.Extensions.Options;

namespace Camelid.Chain.Mining;

/// <summary>
/// Regtest: gives the operator's roles what they need, out of mined coin. Decides by the chain and the mempool alone,
/// so it can be cut off anywhere and asked again at any time.
/// </summary>
internal sealed partial class RegtestFunding(
    ChainState state, TransactionPool pool, IOptions<ChainOptions> options, TimeProvider time,
    ILogger<RegtestFunding> logger)
{
    /// <summary>Blocks before anything can be funded: the first coinbase is mature at the next one.</summary>
    public const int FirstBlocks = 11;

    private const int OutputsMax = 200;
    private const int InputsMax = 200;
    private static readonly TimeSpan DepositLife = TimeSpan.FromDays(365);
    private long demandedGrains;
    private static readonly TimeSpan StakeLife = TimeSpan.FromDays(2 * 365);

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
        if (missing.Count == 0)
        {
            return false;
        }

        long needed = missing.Sum(output => output.Value.Grains) + options.Value.FundingFeeGrains;
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

        if (found < needed)
        {
            return true;
        }

        Transaction funding = Sign(coins, [.. missing, .. Change(found - needed)]);
        PoolVerdict verdict = pool.Accept(funding);
        LogFunding(missing.Count, verdict.IsAccepted ? "accepted" : verdict.Reason);
        return false;
    }

    private List<TxOutput> MissingOutputs()
    {
        uint now = (uint)time.GetUtcNow().ToUnixTimeSeconds();
        List<TxOutput> missing = [];
        foreach (KeyRole role in new[] { KeyRole.Worker, KeyRole.Verifier })
        {
            if (!Exists(OutputKind.Stake, role, 1))
            {
                Script stake = new StakeScript(now + (uint)StakeLife.TotalSeconds, state.Keys[role].Public).Build();
                missing.Add(new TxOutput(Amount.Grain(options.Value.StakeGrains), stake));
            }
        }

        if (!options.Value.FundClient)
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
