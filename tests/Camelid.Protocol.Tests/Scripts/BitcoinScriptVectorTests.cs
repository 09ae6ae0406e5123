using System.Globalization;
using System.Text;
using System.Text.Json;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Tests.Transactions;
using Camelid.Protocol.Transactions;
using Camelid.TestKit;

namespace Camelid.Protocol.Tests.Scripts;

/// <summary>
/// Rules C-07 and C-08 by Bitcoin Core's script_tests.json, as far as it stays within our operations. What Bitcoin
/// accepts we accept or refuse for a form that we demand and that vector did not; what Bitcoin refuses we refuse.
/// </summary>
[Trait("Rule", "C-08")]
public sealed class BitcoinScriptVectorTests
{
    /// <summary>Forms that are consensus here and optional flags, or absent, in Bitcoin.</summary>
    private static readonly RuleCode[] Stricter =
    [
        RuleCode.ScriptNotMinimal, RuleCode.ScriptStackNotClean, RuleCode.ScriptNotPushOnly,
        RuleCode.ScriptSelectorNotMinimal, RuleCode.ScriptPublicKey, RuleCode.ScriptSignature,
        RuleCode.ScriptUnknownOpcode,
    ];

    /// <summary>Rules that we do not have: witnesses, and policy about unused operations.</summary>
    private static readonly string[] NotOurs = ["P2SH", "WITNESS", "DISCOURAGE", "TAPROOT"];

    private static readonly Dictionary<string, Opcode> Names = new(StringComparer.Ordinal)
    {
        ["1NEGATE"] = Opcode.MinusOne,
        ["CHECKLOCKTIMEVERIFY"] = Opcode.CheckLockTimeVerify,
        ["CHECKSEQUENCEVERIFY"] = Opcode.CheckSequenceVerify,
        ["NOP"] = Opcode.Nop,
        ["IF"] = Opcode.If,
        ["NOTIF"] = Opcode.NotIf,
        ["ELSE"] = Opcode.Else,
        ["ENDIF"] = Opcode.EndIf,
        ["VERIFY"] = Opcode.Verify,
        ["DROP"] = Opcode.Drop,
        ["DUP"] = Opcode.Dup,
        ["SIZE"] = Opcode.Size,
        ["EQUAL"] = Opcode.Equal,
        ["EQUALVERIFY"] = Opcode.EqualVerify,
        ["SHA256"] = Opcode.Sha256,
        ["HASH160"] = Opcode.Hash160,
        ["CHECKSIG"] = Opcode.CheckSig,
        ["CHECKSIGVERIFY"] = Opcode.CheckSigVerify,
    };

    [Fact]
    public void Bitcoins_script_vectors_hold_within_our_operations()
    {
        int accepted = 0;
        int refused = 0;
        int stricter = 0;
        foreach (JsonElement row in SharedFiles.Json("vectors", "bitcoin-core", "script_tests.json").EnumerateArray())
        {
            bool usable = row.GetArrayLength() >= 4 && row[0].ValueKind == JsonValueKind.String;
            if (!usable || !TryAssemble(row[0].GetString()!, out Script unlocking)
                || !TryAssemble(row[1].GetString()!, out Script locking))
            {
                continue;
            }

            string flags = row[2].GetString()!;
            string expected = row[3].GetString()!;
            RuleCode code = Run(unlocking, locking);
            if (expected == "OK")
            {
                Assert.True(code == RuleCode.Accepted || Stricter.Contains(code), $"{row}: {code}");
                accepted += code == RuleCode.Accepted ? 1 : 0;
                stricter += code == RuleCode.Accepted ? 0 : 1;
            }
            else if (!IsScriptHash(locking, flags)
                && !NotOurs.Any(word => expected.Contains(word, StringComparison.Ordinal)))
            {
                Assert.True(code != RuleCode.Accepted, $"{row}: accepted");
                refused++;
            }
        }

        string counts = $"{accepted} accepted, {refused} refused, {stricter} stricter here";
        TestContext.Current.SendDiagnosticMessage(counts);
        Assert.True(accepted >= 30 && refused >= 60, counts);
    }

    private static bool IsScriptHash(Script locking, string flags) =>
        flags.Contains("P2SH", StringComparison.Ordinal) && locking.Length == 23
        && locking.Span[0] == (byte)Opcode.Hash160 && locking.Span[^1] == (byte)Opcode.Equal;

    private static RuleCode Run(Script unlocking, Script locking)
    {
        Script zeros = new([0x00, 0x00]);
        Transaction credit = Transaction.Create(
            1,
            [new TxInput(OutPoint.None, zeros, TxInput.SequenceFinal)],
            [new TxOutput(Amount.Zero, locking)],
            0,
            default);
        byte[] bitcoinBytes = credit.Encode()[..^Hash256.Bytes];
        OutPoint outPoint = new(new Txid(Hashes.Sha256d(bitcoinBytes)), 0);
        Transaction spend = Transaction.Create(
            1,
            [new TxInput(outPoint, unlocking, TxInput.SequenceFinal)],
            [new TxOutput(Amount.Zero, Script.Empty)],
            0,
            default);
        ScriptContext context = new()
        {
            Transaction = spend,
            InputIndex = 0,
            Spent = new Utxo(credit.Outputs[0], 1, false, 0, default),
            Block = new SpendContext(2, 1, 1, Network.Regtest, Samples.Curve),
            BitcoinCompat = true,
        };
        return ScriptInterpreter.Verify(unlocking, locking, context).Code;
    }

    private static bool TryAssemble(string text, out Script script)
    {
        CanonicalWriter writer = new();
        script = default;
        foreach (string word in text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        {
            if (word.StartsWith("0x", StringComparison.Ordinal))
            {
                writer.Raw(Convert.FromHexString(word[2..]));
            }
            else if (word.StartsWith('\''))
            {
                writer.Raw(new ScriptBuilder().Push(Encoding.ASCII.GetBytes(word.Trim('\''))).ToScript().Span);
            }
            else if (long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number))
            {
                writer.Raw(new ScriptBuilder().Number(number).ToScript().Span);
            }
            else if (Names.TryGetValue(word, out Opcode opcode))
            {
                writer.Byte((byte)opcode);
            }
            else
            {
                return false;
            }
        }

        script = new Script(writer.Written);
        return true;
    }
}
