using Camelid.Protocol.Transactions;

namespace Camelid.Protocol.Blocks;

/// <summary>The rules of a block that need no unspent outputs.</summary>
public static class BlockRules
{
    /// <summary>Rule C-06: most signature operations in a block.</summary>
    public const int SignatureOperationsMax = 80_000;

    /// <summary>Blocks whose median time is the median time past.</summary>
    public const int MedianTimeBlocks = 11;

    /// <summary>Rules C-06, C-11, C-12 and C-14: what can be judged without context.</summary>
    /// <remarks>
    /// The root is asked before anything about the transactions: until it fits they are not the header's, and what is
    /// wrong with them says nothing about the block. Else anybody could make a good block look bad.
    /// </remarks>
    public static RuleCode CheckBlock(Block block, Network network)
    {
        RuleCode code = ProofOfWork.Check(block.Header, network);
        code = code == RuleCode.Accepted ? CheckRoot(block) : code;
        code = code == RuleCode.Accepted ? CheckOrder(block) : code;
        code = code == RuleCode.Accepted ? CheckLimits(block) : code;
        for (int i = 0; i < block.Transactions.Count && code == RuleCode.Accepted; i++)
        {
            code = TransactionRules.Check(block.Transactions[i]);
        }

        return code;
    }

    /// <summary>
    /// Rules C-10, C-12 and C-24: a header follows its parent, has the bits that are due and the work that they demand,
    /// and is later than the median of the last eleven. All that can be judged of a block without its transactions.
    /// </summary>
    public static RuleCode CheckHeader(BlockHeader header, HeaderContext context)
    {
        if (header.PreviousHash != context.PreviousHash)
        {
            return RuleCode.WrongPreviousBlock;
        }

        if (header.Bits != context.Bits)
        {
            return RuleCode.WrongBits;
        }

        RuleCode code = ProofOfWork.Check(header, context.Network);
        return code != RuleCode.Accepted ? code
            : header.Time > context.MedianTimePast ? RuleCode.Accepted
            : RuleCode.BlockTimeTooEarly;
    }

    /// <summary>
    /// Rule C-10: a block too far ahead of the clock is held by whoever has the clock, not refused for good.
    /// </summary>
    public static RuleCode CheckClock(BlockHeader header, DateTimeOffset now, Network network) =>
        header.Time <= now.ToUnixTimeSeconds() + network.BlockTimeAheadSecondsMax
            ? RuleCode.Accepted
            : RuleCode.BlockTimeTooLate;

    /// <summary>Rule C-10: the median of the last times, at most eleven of them, the tip's included.</summary>
    /// <exception cref="ArgumentException">There is none, or there are more than eleven.</exception>
    public static uint MedianTimePast(IEnumerable<uint> lastTimes)
    {
        uint[] times = [.. lastTimes];
        if (times.Length is 0 or > MedianTimeBlocks)
        {
            throw new ArgumentException("1 to 11 times", nameof(lastTimes));
        }

        Array.Sort(times);
        return times[times.Length / 2];
    }

    private static RuleCode CheckOrder(Block block)
    {
        if (!block.Transactions[0].IsCoinbase)
        {
            return RuleCode.FirstNotCoinbase;
        }

        return block.Transactions.Skip(1).Any(transaction => transaction.IsCoinbase)
            ? RuleCode.SecondCoinbase
            : RuleCode.Accepted;
    }

    private static RuleCode CheckRoot(Block block)
    {
        if (block.Transactions.Count == 0)
        {
            return RuleCode.BlockWithoutTransactions;
        }

        Hash256 root = MerkleTree.Root(block.Transactions, out bool mutated);
        if (root != block.Header.MerkleRoot)
        {
            return RuleCode.MerkleRootMismatch;
        }

        return mutated ? RuleCode.MerkleTreeMutated : RuleCode.Accepted;
    }

    private static RuleCode CheckLimits(Block block)
    {
        long bytes = BlockHeader.Bytes + 9;
        long signatureOperations = 0;
        foreach (Transaction transaction in block.Transactions)
        {
            bytes += transaction.ByteCount;
            signatureOperations += SignatureOperations(transaction);
        }

        if (bytes > Block.BytesMax)
        {
            return RuleCode.BlockTooLarge;
        }

        return signatureOperations <= SignatureOperationsMax
            ? RuleCode.Accepted
            : RuleCode.TooManySignatureOperations;
    }

    private static long SignatureOperations(Transaction transaction)
    {
        long count = 0;
        foreach (TxInput input in transaction.InputSpan)
        {
            count += input.Script.SignatureOperationCount();
        }

        foreach (TxOutput output in transaction.OutputSpan)
        {
            count += output.Script.SignatureOperationCount();
        }

        return count;
    }
}
