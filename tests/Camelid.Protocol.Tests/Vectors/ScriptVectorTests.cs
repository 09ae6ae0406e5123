using System.Text.Json;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Tests.Transactions;
using Camelid.Protocol.Transactions;
using Camelid.TestKit;

namespace Camelid.Protocol.Tests.Vectors;

/// <summary>Rules C-07, C-08 and C-09 by Bitcoin Core's script_tests.json: 1,222 scripts with outcome.</summary>
/// <remarks>
/// All rows are run that have neither witness data nor a witness or taproot flag: 1,086. Of the 136 left out, 113 carry
/// witness data and 23 only the flag. DISCOURAGE_UPGRADABLE_NOPS is a flag of the interpreter, so its 12 rows are run.
/// </remarks>
[Trait("Rule", "C-08")]
public sealed class ScriptVectorTests
{
    [Fact]
    public void Bitcoins_scripts_end_as_bitcoin_core_says()
    {
        VectorTally tally = new("script_tests.json");
        foreach (ScriptVector vector in Vectors(tally))
        {
            RuleCode code = Run(vector, vector.Flags);
            Assert.True(BitcoinScript.Agrees(vector.Error, code), $"{vector}: {code}");
            tally.Pass();
        }

        tally.Expect(1086, 136);
    }

    /// <summary>
    /// Our consensus is stricter than Bitcoin under any flags, two aside that are not ours: P2SH, and NOPs that refuse.
    /// </summary>
    [Fact]
    public void What_bitcoin_refuses_our_flags_refuse()
    {
        VectorTally tally = new("script_tests.json, refused");
        foreach (ScriptVector vector in Vectors(tally).Where(vector => vector.Error != "OK"))
        {
            RuleCode without = Run(vector, vector.Flags & ScriptFlags.Camelid);
            if (without == RuleCode.Accepted)
            {
                tally.LeaveOut("P2SH or NOPs: accepted without them");
                continue;
            }

            RuleCode ours = Run(vector, ScriptFlags.Camelid & ~ScriptFlags.JobOperations);
            Assert.True(ours != RuleCode.Accepted, $"{vector}: accepted");
            tally.Pass();
        }

        Assert.True(tally.Passed > 400, $"only {tally.Passed}");
    }

    private static IEnumerable<ScriptVector> Vectors(VectorTally tally)
    {
        foreach (JsonElement row in SharedFiles.Json("vectors", "bitcoin-core", "script_tests.json").EnumerateArray())
        {
            if (row.GetArrayLength() < 4)
            {
                continue;
            }

            if (row[0].ValueKind == JsonValueKind.Array)
            {
                tally.LeaveOut("witness data");
            }
            else if (BitcoinScript.HasWitnessFlag(row[2].GetString()!))
            {
                tally.LeaveOut("witness or taproot flag");
            }
            else
            {
                yield return new ScriptVector(
                    BitcoinScript.Assemble(row[0].GetString()!),
                    BitcoinScript.Assemble(row[1].GetString()!),
                    BitcoinScript.ReadFlags(row[2].GetString()!),
                    row[3].GetString()!,
                    row.ToString());
            }
        }
    }

    /// <summary>Bitcoin Core's crediting and spending transactions; their ids are of Bitcoin's form.</summary>
    private static RuleCode Run(ScriptVector vector, ScriptFlags flags)
    {
        Transaction credit = Transaction.Create(
            1,
            [new TxInput(OutPoint.None, new Script([0x00, 0x00]), TxInput.SequenceFinal)],
            [new TxOutput(Amount.Zero, vector.Locking)],
            0,
            default);
        byte[] bitcoinBytes = credit.Encode()[..^Hash256.Bytes];
        OutPoint outPoint = new(new Txid(Hashes.Sha256d(bitcoinBytes)), 0);
        Transaction spend = Transaction.Create(
            1,
            [new TxInput(outPoint, vector.Unlocking, TxInput.SequenceFinal)],
            [new TxOutput(Amount.Zero, Script.Empty)],
            0,
            default);
        ScriptContext context = new()
        {
            Transaction = spend,
            InputIndex = 0,
            Spent = new Utxo(credit.Outputs[0], 1, false, 0, default),
            Block = new SpendContext(2, 1, 1, Network.Regtest, Samples.Curve),
            Compat = new LaxCurve(flags),
        };
        return ScriptInterpreter.Verify(vector.Unlocking, vector.Locking, context).Code;
    }

    private sealed record ScriptVector(Script Unlocking, Script Locking, ScriptFlags Flags, string Error, string Row)
    {
        public override string ToString() => Row;
    }
}
