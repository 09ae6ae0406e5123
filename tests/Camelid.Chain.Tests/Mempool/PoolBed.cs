using Camelid.Chain.Blocks;
using Camelid.Chain.Mempool;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;
using Camelid.Secp256k1;

namespace Camelid.Chain.Tests.Mempool;

/// <summary>An output that a test may spend.</summary>
internal sealed record TestCoin(OutPoint OutPoint, TxOutput Output);

/// <summary>
/// A chain on a real folder whose blocks a test makes itself, and one key that owns all coins. Blocks come in by the
/// node's own door, so that the pool hears of them as it does in production.
/// </summary>
internal sealed class PoolBed : IAsyncDisposable
{
    public const uint Window = 10;

    private readonly string folder;
    private readonly ChainHost chain;
    private int version;

    private PoolBed(string folder, ChainHost chain, ManualTime time)
    {
        this.folder = folder;
        this.chain = chain;
        Time = time;
    }

    public static ISecp256k1 Curve { get; } = Secp256k1Provider.Create();

    public static PrivateKey Key { get; } = PrivateKey.FromBytes(Hashes.Sha256("a test's key"u8).ToBytes(), Curve)!;

    public static PublicKey Public { get; } = Curve.PublicKeyOf(Key);

    public static Script Own { get; } = P2pkhScript.Of(Public).Build();

    private static Script Stranger { get; } = new P2pkhScript(Hash160.Of("stranger"u8)).Build();

    public ManualTime Time { get; }

    public ChainState State => chain.State;

    public ChainCore Core => chain.Core;

    public TransactionPool Pool => chain.Pool;

    public BlockEntry Tip => chain.Tip;

    public ChainHost Host => chain;

    /// <summary>A chain with so many coins of 1 CML in a block, and one more block.</summary>
    public static async Task<(PoolBed Bed, Queue<TestCoin> Coins)> OpenAsync(int coins, params string[] settings)
    {
        string folder = Directory.CreateTempSubdirectory("camelid-pool").FullName;
        ManualTime time = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));
        PoolBed bed = new(folder, await ChainHost.OpenAsync(folder, time, settings), time);
        const int EachMax = 45;
        List<Block> paying = [];
        for (int i = 0; i < 10 + ((coins + EachMax - 1) / EachMax); i++)
        {
            paying.Add(bed.Mine());
        }

        List<TestCoin> made = [];
        List<Transaction> splits = [];
        for (int i = 0; made.Count < coins; i++)
        {
            Transaction coinbase = paying[i].Transactions[0];
            long[] amounts = [.. Enumerable.Repeat(Amount.GrainsPerCoin, Math.Min(EachMax, coins - made.Count))];
            Transaction split = Spend([CoinOf(coinbase, 0)], amounts);
            splits.Add(split);
            made.AddRange(Enumerable.Range(0, amounts.Length).Select(index => CoinOf(split, index)));
        }

        bed.Mine([.. splits]);
        bed.Mine();
        return (bed, new Queue<TestCoin>(made));
    }

    public static TestCoin CoinOf(Transaction transaction, int index) =>
        new(new OutPoint(transaction.Txid, (uint)index), transaction.Outputs[index]);

    /// <summary>A signed transaction that pays these amounts to the key; the rest is its fee.</summary>
    public static Transaction Spend(IReadOnlyList<TestCoin> coins, params long[] grains) =>
        Spend(coins, [.. grains.Select(amount => new TxOutput(Amount.Grain(amount), Own))]);

    /// <summary>A signed transaction with these outputs.</summary>
    public static Transaction Spend(
        IReadOnlyList<TestCoin> coins, TxOutput[] outputs, uint lockTime = 0, uint sequence = TxInput.SequenceLocked)
    {
        Transaction transaction = Transaction.Create(
            2, coins.Select(coin => new TxInput(coin.OutPoint, Script.Empty, sequence)), outputs, lockTime, default);
        for (int i = 0; i < coins.Count; i++)
        {
            byte[] signature = SignatureHash.Sign(transaction, i, coins[i].Output.Script, Key, Curve);
            transaction = transaction.WithScript(i, P2pkhScript.Unlock(signature, Public));
        }

        return transaction;
    }

    /// <summary>One coin to one output, at this fee.</summary>
    public static Transaction Pass(TestCoin coin, long fee) => Spend([coin], coin.Output.Value.Grains - fee);

    /// <summary>A deposit of the key that can be taken back in a year.</summary>
    public Script Deposit() => new DepositScript(Time.UnixSeconds + (365 * 24 * 3600), Public).Build();

    /// <summary>A job transaction on a deposit: outputs besides the deposit again, which takes the rest.</summary>
    public static Transaction Job(
        TestCoin deposit, JobId job, uint lockTime, long fee, params TxOutput[] payments)
    {
        long rest = deposit.Output.Value.Grains - fee - payments.Sum(payment => payment.Value.Grains);
        Transaction transaction = Transaction.Create(
            2,
            [new TxInput(deposit.OutPoint, Script.Empty, TxInput.SequenceLocked)],
            [.. payments, new TxOutput(Amount.Grain(rest), deposit.Output.Script)],
            lockTime,
            job);
        byte[] signature = SignatureHash.Sign(transaction, 0, deposit.Output.Script, Key, Curve);
        return transaction.WithScript(0, DepositScript.UnlockJob(signature));
    }

    public static JobId JobOf(int number) => new(Hashes.Sha256(BitConverter.GetBytes(number)));

    /// <summary>A payment to the key whose k is 32 bytes of 7, refundable 36 W after the lock time.</summary>
    public static TxOutput Payment(long grains, uint lockTime) => new(
        Amount.Grain(grains),
        new PaymentScript(
            Hashes.Sha256("testament"u8), Hash160.Of(Secret), Public, lockTime + (36 * Window), Public).Build());

    /// <summary>The claim of a payment, or its refund from a lock time on.</summary>
    public static Transaction Redeem(TestCoin payment, long fee, uint refundTime = 0)
    {
        Transaction transaction = Transaction.Create(
            2,
            [new TxInput(payment.OutPoint, Script.Empty, TxInput.SequenceLocked)],
            [new TxOutput(Amount.Grain(payment.Output.Value.Grains - fee), Own)],
            refundTime,
            default);
        byte[] signature = SignatureHash.Sign(transaction, 0, payment.Output.Script, Key, Curve);
        return transaction.WithScript(0, refundTime == 0
            ? PaymentScript.UnlockClaim(signature, Secret)
            : PaymentScript.UnlockRefund(signature));
    }

    private static byte[] Secret { get; } = [.. Enumerable.Repeat((byte)7, 32)];

    /// <summary>Mines exactly these on the tip; their fees are lost.</summary>
    public Block Mine(params Transaction[] transactions)
    {
        Block block = Build(Tip, transactions);
        Assert.Equal(RuleCode.Accepted, Core.Submit(block).Code);
        return block;
    }

    /// <summary>Mines what the pool selects.</summary>
    public Block MineSelected()
    {
        IReadOnlyList<TransactionWithFee> chosen = Pool.Select(NextTime(Tip));
        Block block = Seal(Tip, Own, chosen);
        Assert.Equal(RuleCode.Accepted, Core.Submit(block).Code);
        return block;
    }

    /// <summary>A block on any entry, not submitted.</summary>
    public Block Build(BlockEntry parent, params Transaction[] transactions) => Build(parent, Own, transactions);

    /// <summary>
    /// Builds so many blocks beside the chain, of another miner, and submits them; the first holds these transactions.
    /// </summary>
    public void MineBeside(BlockEntry parent, int count, params Transaction[] transactions)
    {
        for (int i = 0; i < count; i++)
        {
            Block block = Build(parent, Stranger, i == 0 ? transactions : []);
            Assert.Equal(RuleCode.Accepted, Core.Submit(block).Code);
            parent = State.Read(reading => reading.Find(block.Hash)!);
        }
    }

    /// <summary>What the rules say of the block that the pool selects now; nothing is submitted.</summary>
    public (RuleCode Code, Block Block) Judge(uint blockTime)
    {
        Block block = Seal(Tip, Own, Pool.Select(blockTime), blockTime);
        BlockEntry parent = Tip;
        ChainContext context = new(Network.Regtest, Curve, parent.Hash, parent.MedianTimePast())
        {
            Bits = Network.Regtest.GenesisBits,
        };
        return (State.Read(reading =>
            ChainConnector.Connect(block, parent.Height + 1, context, reading.Outputs).Code), block);
    }

    public uint NextTime(BlockEntry parent) => Math.Max(Time.UnixSeconds, parent.MedianTimePast() + 1);

    public PoolVerdict Accept(Transaction transaction) => Pool.Accept(transaction);

    /// <summary>Lets it in; fails the test where it is refused.</summary>
    public Transaction Enter(Transaction transaction)
    {
        Assert.Equal(RuleCode.Accepted, Pool.Accept(transaction).Code);
        return transaction;
    }

    public async ValueTask DisposeAsync()
    {
        await chain.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private Block Build(BlockEntry parent, Script payee, Transaction[] transactions) => Seal(
        parent, payee, [.. transactions.Select(transaction => new TransactionWithFee(transaction, Amount.Zero))]);

    private Block Seal(
        BlockEntry parent, Script payee, IReadOnlyList<TransactionWithFee> transactions, uint time = 0)
    {
        Block block = new BlockTemplate
        {
            Network = Network.Regtest,
            PreviousHash = parent.Hash,
            Height = parent.Height + 1,
            Bits = Network.Regtest.GenesisBits,
            Time = time == 0 ? NextTime(parent) : time,
            Payee = payee,
            Transactions = transactions,
        }.Build();

        // No two blocks are the same, though parent, time and transactions may be.
        BlockHeader header = block.Header with { Version = ++version };
        return new Block(ProofOfWork.TryFind(header, 0, uint.MaxValue)!, block.Transactions);
    }
}
