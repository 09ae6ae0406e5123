using Camelid.Chain.Checks;
using Camelid.Protocol;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;
using Camelid.Secp256k1;

namespace Camelid.Chain.Tests.Checks;

/// <summary>Rule C-21: many threads say what one says.</summary>
[Trait("Rule", "C-21")]
public sealed class ParallelScriptsTests
{
    private const int Rounds = 300;
    private static readonly ISecp256k1 Curve = Secp256k1Provider.Create();
    private static readonly SpendContext Block = new(100, 1, 1, Network.Regtest, Curve);

    /// <summary>Scripts by what comes of them.</summary>
    private static readonly (string Locking, RuleCode Code)[] Bad =
    [
        ("00", RuleCode.ScriptFalse), ("75", RuleCode.ScriptStackEmpty), ("6a", RuleCode.ScriptReturn),
        ("5151", RuleCode.ScriptStackNotClean), ("7e", RuleCode.ScriptDisabledOpcode),
        ("51ba", RuleCode.ScriptUnknownOpcode),
    ];

    [Fact]
    public void Random_batches_end_with_the_first_refusal_on_any_number_of_threads()
    {
        int seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine(FormattableString.Invariant($"seed {seed}"));
        Random random = new(seed);
        for (int round = 0; round < Rounds; round++)
        {
            List<ScriptContext> inputs = [];
            RuleCode expected = RuleCode.Accepted;
            int refusals = random.Next(4);
            int count = random.Next(1, 300);
            for (int i = 0; i < count; i++)
            {
                bool isBad = random.Next(count) < refusals;
                (string locking, RuleCode code) = isBad ? Bad[random.Next(Bad.Length)] : ("51", RuleCode.Accepted);
                inputs.Add(Input(locking));
                expected = expected == RuleCode.Accepted ? code : expected;
            }

            Assert.Equal(expected, Verdict(SequentialScripts.Instance, inputs));
            Assert.Equal(expected, Verdict(new ParallelScripts(random.Next(1, 9)), inputs));
        }
    }

    [Fact]
    public void An_empty_batch_is_accepted_and_one_that_is_given_up_leaves_the_runner_usable()
    {
        ParallelScripts runner = new(4);
        Assert.Equal(RuleCode.Accepted, Verdict(runner, []));
        using (IScriptBatch given = runner.Start())
        {
            for (int i = 0; i < 1000; i++)
            {
                given.Add(Input("51"));
            }
        }

        Assert.Equal(RuleCode.ScriptFalse, Verdict(runner, [Input("51"), Input("00"), Input("75")]));
    }

    [Fact]
    public void What_breaks_in_a_thread_breaks_the_batch()
    {
        ScriptContext broken = Input("51") with { InputIndex = 5 };
        Assert.Throws<ArgumentOutOfRangeException>(() =>
            Verdict(new ParallelScripts(4), [.. Enumerable.Repeat(Input("51"), 100), broken]));
    }

    private static RuleCode Verdict(IScriptRunner runner, IReadOnlyList<ScriptContext> inputs)
    {
        using IScriptBatch batch = runner.Start();
        foreach (ScriptContext input in inputs)
        {
            batch.Add(input);
        }

        return batch.Finish();
    }

    private static ScriptContext Input(string locking)
    {
        Assert.True(Script.TryParse(locking, out Script script));
        TxOutput output = new(Amount.Zero, script);
        return new ScriptContext
        {
            Transaction = Transaction.Create(
                1, [new TxInput(default, Script.Empty, TxInput.SequenceFinal)], [output], 0, default),
            InputIndex = 0,
            Spent = new Utxo(output, 1, false, 0, default),
            Block = Block,
        };
    }
}
