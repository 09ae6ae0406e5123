using System.Security.Cryptography;
using System.Text;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Transactions;

namespace Camelid.Simulation.Nodes;

/// <summary>
/// Who has what after a chain of blocks, counted from the blocks alone and not by the code that is judged by it.
/// </summary>
internal sealed class Ledger
{
    private readonly Dictionary<OutPoint, TxOutput> unspent = [];
    private long height;
    private long issued;

    /// <summary>Counts the next block.</summary>
    /// <returns>What is wrong with it; null where nothing is.</returns>
    public string? Add(Block block)
    {
        height++;
        long fees = 0;
        foreach (Transaction transaction in block.Transactions)
        {
            long spent = 0;
            foreach (TxInput input in transaction.IsCoinbase ? [] : transaction.Inputs)
            {
                if (!unspent.Remove(input.Previous, out TxOutput? output))
                {
                    return $"{input.Previous} is spent twice, or never was, at {height}";
                }

                spent += output.Value.Grains;
            }

            fees += transaction.IsCoinbase ? 0 : spent - transaction.Outputs.Sum(output => output.Value.Grains);
            for (int i = 0; i < transaction.Outputs.Count; i++)
            {
                unspent.Add(new OutPoint(transaction.Txid, (uint)i), transaction.Outputs[i]);
            }
        }

        // What the coinbase claims beyond the fees is new coin; all miners here claim all.
        issued += block.Transactions[0].Outputs.Sum(output => output.Value.Grains) - fees;
        return issued != height * Subsidy.FirstGrains ? $"{issued} grains were issued at {height}"
            : unspent.Values.Sum(output => output.Value.Grains) != issued ? $"coin does not add up at {height}"
            : null;
    }

    /// <summary>A digest of the unspent outputs.</summary>
    public string Digest() => Digest(unspent);

    /// <summary>A digest of outputs that does not ask for an order.</summary>
    public static string Digest(IEnumerable<KeyValuePair<OutPoint, TxOutput>> outputs)
    {
        byte[] sum = new byte[SHA256.HashSizeInBytes];
        foreach ((OutPoint outPoint, TxOutput output) in outputs)
        {
            byte[] one = SHA256.HashData(Encoding.UTF8.GetBytes($"{outPoint} {output.Value.Grains} {output.Script}"));
            for (int i = 0; i < sum.Length; i++)
            {
                sum[i] ^= one[i];
            }
        }

        return Convert.ToHexStringLower(sum);
    }
}
