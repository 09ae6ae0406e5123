using Camelid.ModelRuntime.Engine;
using Camelid.ModelRuntime.Graphs;
using Camelid.ModelRuntime.Packages;

namespace Camelid.ModelRuntime.Tests.Engine;

public sealed class KeyValuePoolTests : IDisposable
{
    private const int Tokens = 64;
    private readonly ModelWeights weights;
    private readonly uint[] story = [.. Enumerable.Range(0, 60).Select(id => (uint)id)];

    public KeyValuePoolTests(ModelFixture fixture) =>
        weights = new ModelWeights(fixture.Model.Package, ExecutionProvider.Cpu);

    public void Dispose() => weights.Dispose();

    [Fact]
    public void What_an_earlier_request_left_is_taken_over_up_to_the_first_difference()
    {
        using KeyValuePool pool = Pool(caches: 3);
        Finish(pool, story);
        uint[] other = [.. story[..40], 700, 701];
        KeyValueLease lease = pool.TryRent(other, Tokens)!;
        Assert.Equal(40, lease.Count);
        Assert.Equal(1, Caches(pool));
    }

    [Fact]
    public void The_last_token_of_a_prompt_is_always_computed()
    {
        using KeyValuePool pool = Pool(caches: 3);
        Finish(pool, story);
        Assert.Equal(story.Length - 1, pool.TryRent(story, Tokens)!.Count);
    }

    [Fact]
    public void The_beginning_of_a_request_that_still_runs_is_copied()
    {
        using KeyValuePool pool = Pool(caches: 3);
        KeyValueLease running = Rent(pool, story);
        KeyValueLease lease = pool.TryRent([.. story[..30], 700], Tokens)!;
        Assert.NotSame(running, lease);
        Assert.Equal(30, lease.Count);
        Assert.Equal(2, Caches(pool));
    }

    [Fact]
    public void A_short_common_beginning_does_not_destroy_a_long_one_while_there_is_room()
    {
        using KeyValuePool pool = Pool(caches: 2);
        Finish(pool, story);
        Rent(pool, [.. story[..10], 700]);
        Assert.Equal(2, Caches(pool));
        Assert.Equal(story.Length - 1, pool.TryRent(story, Tokens)!.Count);
    }

    [Fact]
    public void Without_room_the_cache_used_longest_ago_goes()
    {
        using KeyValuePool pool = Pool(caches: 2);
        Finish(pool, story);
        uint[] second = [.. story.Select(id => id + 100)];
        Finish(pool, second);
        Finish(pool, [.. story.Select(id => id + 200)]);
        Assert.Equal(2, Caches(pool));
        Assert.Equal(second.Length - 1, pool.TryRent(second, Tokens)!.Count);
        Assert.Equal(0, pool.TryRent(story, Tokens)!.Count);
    }

    [Fact]
    public void Nobody_is_admitted_while_others_own_all_memory()
    {
        using KeyValuePool pool = Pool(caches: 1);
        KeyValueLease running = Rent(pool, story);
        Assert.Null(pool.TryRent([1, 2, 3], Tokens));
        pool.Return(running);
        Assert.NotNull(pool.TryRent([1, 2, 3], Tokens));
    }

    [Fact]
    public void Without_reuse_nothing_is_taken_over()
    {
        using KeyValuePool pool = Pool(caches: 2, reuses: false);
        Finish(pool, story);
        Assert.Equal(0, pool.TryRent(story, Tokens)!.Count);
    }

    private static void Finish(KeyValuePool pool, uint[] sequence) => pool.Return(Rent(pool, sequence));

    private static KeyValueLease Rent(KeyValuePool pool, uint[] sequence)
    {
        KeyValueLease lease = pool.TryRent(sequence, Tokens)!;
        (lease.Sequence, lease.Count) = (sequence, sequence.Length);
        return lease;
    }

    private static long Caches(KeyValuePool pool) => pool.Bytes / pool.BytesFor(Tokens);

    private KeyValuePool Pool(int caches, bool reuses = true)
    {
        ModelArchitecture model = weights.Architecture;
        long bytes = caches * KeyValueCache.BytesFor(model, weights.ElementType, Tokens);
        LanguageModelOptions options = new() { KeyValueBytesMax = bytes, ReusesPrefixes = reuses };
        return new KeyValuePool(
            weights, tokens => new KeyValueCache(model, weights.ElementType, tokens, device: null), options);
    }
}
