using Camelid.ModelRuntime.Packages;
using Camelid.ModelRuntime.Training;
using Camelid.Protocol;

namespace Camelid.ModelRuntime.Tests.Training;

/// <summary>Rules T-01 to T-05: what a checker finds in a training.</summary>
[Trait("Rule", "T-05")]
public sealed class TrainingReplayTests : IDisposable
{
    private const int StateSteps = 5;
    private readonly string path = Directory.CreateTempSubdirectory("camelid-training-").FullName;

    private TrainingFolder Folder => new(path);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(path, recursive: true);

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(9)]
    [InlineData(12)]
    [Trait("Rule", "T-03")]
    public void A_replayed_step_is_equal_bit_for_bit(int step)
    {
        Train(new TinyRecipe());
        Assert.Null(TrainingReplay.Check(new TinyRecipe(), Folder, step, Cancellation));
    }

    [Fact]
    public void The_step_after_a_stored_state_is_computed_from_it_and_not_from_the_start()
    {
        Train(new TinyRecipe());
        Assert.Equal([0, 5, 10, 12], Folder.StoredSteps);
        File.Delete(Path.Combine(path, "chain", "00000000.state"));
        Assert.Null(TrainingReplay.Check(new TinyRecipe(), Folder, 11, Cancellation));
    }

    [Fact]
    [Trait("Rule", "T-04")]
    public void A_changed_batch_is_found_at_its_step()
    {
        Train(new TinyRecipe { OtherBatchAt = 7 });
        Expect(7, "the batch", drawn: 9);
    }

    [Fact]
    public void A_changed_learning_rate_is_found_at_its_step()
    {
        Train(new TinyRecipe { OtherRateAt = 8 });
        Expect(8, "the learning rate", drawn: 8);
    }

    /// <summary>The chain is consistent in itself: only recomputing shows that the weights were helped along.</summary>
    [Fact]
    [Trait("Rule", "T-01")]
    public void A_weight_that_was_changed_during_a_step_is_found_at_its_step()
    {
        TinyRecipe recipe = new();
        TrainingState start = TrainingState.Start(recipe.StartWeights());
        List<TrainingStep> chain = [TrainingChain.Start(recipe.Description, start.Hash)];
        Folder.Store(start);
        using TrainingSession session = new(recipe, start);
        (long[] Ids, long[] Targets) buffers = (new long[recipe.RowsMax], new long[recipe.RowsMax]);
        while (session.StepsTaken < recipe.Steps)
        {
            TrainingStep taken = TrainingRun.Take(recipe, session, chain[^1], buffers);
            if (taken.Step == 7)
            {
                session.State.Weights[3] = MathF.BitIncrement(session.State.Weights[3]);
                Hash256 batch = TrainingChain.HashOf(recipe.ShapeOf(7), buffers.Ids, buffers.Targets);
                taken = TrainingChain.Next(chain[^1], batch, recipe.RateOf(7), taken.LossValue, session.State.Hash);
            }

            chain.Add(taken);
        }

        Folder.WriteChain(chain);
        Expect(7, "the state after the step", drawn: 10);
    }

    [Fact]
    [Trait("Rule", "T-03")]
    public void Steps_in_another_order_are_found_at_the_first_of_them()
    {
        Train(new TinyRecipe());
        List<TrainingStep> chain = TrainingChain.Read(Folder.ChainPath);
        (chain[6], chain[7]) = (chain[7] with { Step = 6 }, chain[6] with { Step = 7 });
        Folder.WriteChain(chain);
        Expect(6, "the link", drawn: 2);
    }

    [Fact]
    [Trait("Rule", "T-02")]
    public void A_training_that_began_with_other_weights_is_found_at_the_start()
    {
        Train(new TinyRecipe { Seed = 2 });
        Expect(0, "starting weights", drawn: 1);
    }

    [Fact]
    public void A_damaged_state_names_its_step()
    {
        Train(new TinyRecipe());
        string file = Path.Combine(path, "chain", "00000005.state");
        byte[] bytes = File.ReadAllBytes(file);
        bytes[^1] ^= 1;
        File.WriteAllBytes(file, bytes);
        string text = Assert.Throws<ModelPackageException>(
            () => TrainingReplay.Check(new TinyRecipe(), Folder, 6, Cancellation)).Message;
        Assert.Contains("step 5", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(13)]
    public void A_step_that_was_not_taken_is_refused(int step)
    {
        Train(new TinyRecipe());
        Assert.Contains(
            "1 to 12",
            Assert.Throws<ModelPackageException>(
                () => TrainingReplay.Check(new TinyRecipe(), Folder, step, Cancellation)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_training_that_goes_on_where_it_stopped_has_the_same_chain()
    {
        Train(new TinyRecipe());
        string[] whole = File.ReadAllLines(Folder.ChainPath);
        File.WriteAllLines(Folder.ChainPath, whole.Take(9));
        new TrainingRun(new TinyRecipe(), Folder).Run(resume: true, null, Cancellation);
        Assert.Equal(whole, File.ReadAllLines(Folder.ChainPath));
    }

    /// <summary>Before the rate falls it does not know how long the training is.</summary>
    [Fact]
    public void A_training_is_made_longer_from_before_its_rate_fell()
    {
        Train(new TinyRecipe());
        TinyRecipe longer = new() { StepsInAll = 16 };
        new TrainingRun(longer, Folder) { StateSteps = StateSteps }.Run(resume: true, null, Cancellation);
        string[] gone = File.ReadAllLines(Folder.ChainPath);
        Directory.Delete(Path.Combine(path, "chain"), recursive: true);
        new TrainingRun(longer, Folder) { StateSteps = StateSteps }.Run(resume: false, null, Cancellation);
        Assert.Equal(File.ReadAllLines(Folder.ChainPath), gone);
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("{}", "line 1")]
    [InlineData("nothing", "line 1")]
    [InlineData("""{"step":1,"batch":"","rate":"","loss":"","state":"","link":""}""", "line 1")]
    public void A_chain_file_that_is_none_names_the_line(string content, string expected)
    {
        Directory.CreateDirectory(Path.Combine(path, "chain"));
        File.WriteAllText(Folder.ChainPath, content);
        Assert.Contains(
            expected,
            Assert.Throws<ModelPackageException>(() => TrainingChain.Read(Folder.ChainPath)).Message,
            StringComparison.Ordinal);
    }

    private void Train(TinyRecipe recipe) =>
        new TrainingRun(recipe, Folder) { StateSteps = StateSteps }.Run(resume: false, null, Cancellation);

    private void Expect(int step, string text, int drawn)
    {
        TrainingFault? fault = TrainingReplay.Check(new TinyRecipe(), Folder, drawn, Cancellation);
        Assert.NotNull(fault);
        Assert.Equal(step, fault.Step);
        Assert.Contains(text, fault.Text, StringComparison.Ordinal);
    }
}
