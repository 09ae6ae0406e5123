using Camelid.Protocol.Keys;

namespace Camelid.Protocol.Jobs;

/// <summary>Rule J-01: the canonical bytes of a job, little-endian, fields in the order written here.</summary>
internal static class JobEncoding
{
    /// <summary>The format; another layout is another number.</summary>
    internal const byte Version = 1;

    /// <summary>The prompt stands in the open. Number 2 is kept for a prompt that is sealed by its hash.</summary>
    private const byte PromptOpen = 1;

    internal static byte[] Encode(JobParameters job)
    {
        JobRefusal form = JobForm.Check(job);
        if (form != JobRefusal.Accepted)
        {
            throw new ArgumentException($"job parameters are out of form: {form}", nameof(job));
        }

        CanonicalWriter writer = new();
        writer.Byte(Version).Hash(job.ModelRoot).Byte(PromptOpen);
        WriteTokens(writer, job.PromptTokens);
        WriteSampling(writer, job.Sampling);
        writer.UInt32(job.MaxTokens);
        WriteTokens(writer, job.StopTokens);
        writer.UInt32((uint)job.StopStrings.Count);
        foreach (string text in job.StopStrings)
        {
            writer.Text(text);
        }

        writer.UInt64(job.PriceGrainsPerToken).UInt64(job.FeeGrains).UInt32(job.Created).UInt32(job.Deadline)
            .Raw(job.ClientKey.Span).Text(job.ReturnAddress).Byte((byte)job.Verification).UInt32(job.SampledPositions)
            .UInt32((uint)job.NumericsClasses.Count);
        foreach (Hash256 numericsClass in job.NumericsClasses)
        {
            writer.Hash(numericsClass);
        }

        return writer.Hash(job.NonceHash).ToArray();
    }

    internal static bool TryDecode(ReadOnlySpan<byte> bytes, out JobParameters? parameters)
    {
        parameters = null;
        CanonicalReader reader = new(bytes);
        if (bytes.Length > JobParameters.BytesMax || reader.Byte() != Version)
        {
            return false;
        }

        // Initialisers run in this order, which is the order of the bytes.
        JobParameters job = new()
        {
            ModelRoot = reader.Hash(),
            PromptTokens = ReadPrompt(ref reader),
            Sampling = ReadSampling(ref reader),
            MaxTokens = reader.UInt32(),
            StopTokens = ReadTokens(ref reader, JobParameters.StopTokensMax),
            StopStrings = ReadStopStrings(ref reader),
            PriceGrainsPerToken = reader.UInt64(),
            FeeGrains = reader.UInt64(),
            Created = reader.UInt32(),
            Deadline = reader.UInt32(),
            ClientKey = ReadKey(ref reader),
            ReturnAddress = reader.Text(JobParameters.ReturnAddressBytesMax),
            Verification = (VerificationLevel)reader.Byte(),
            SampledPositions = reader.UInt32(),
            NumericsClasses = ReadClasses(ref reader),
            NonceHash = reader.Hash(),
        };
        parameters = reader.AtEnd && JobForm.Check(job) == JobRefusal.Accepted ? job : null;
        return parameters is not null;
    }

    private static void WriteTokens(CanonicalWriter writer, IReadOnlyList<uint> tokens)
    {
        writer.UInt32((uint)tokens.Count);
        foreach (uint token in tokens)
        {
            writer.UInt32(token);
        }
    }

    private static void WriteSampling(CanonicalWriter writer, SamplingParameters sampling)
    {
        writer.UInt32(sampling.TemperatureMillionths).UInt32(sampling.TopPMillionths).UInt32(sampling.TopK)
            .UInt32(sampling.MinPMillionths).UInt32(sampling.RepetitionPenaltyMillionths)
            .Int32(sampling.PresencePenaltyMillionths).Int32(sampling.FrequencyPenaltyMillionths)
            .UInt32((uint)sampling.LogitBiases.Count);
        foreach (LogitBias bias in sampling.LogitBiases)
        {
            writer.UInt32(bias.TokenId).Int32(bias.BiasMillionths);
        }

        if (sampling.ClientSeed is not { } seed)
        {
            writer.Byte(0);
            return;
        }

        writer.Byte(1).Hash(seed);
    }

    private static uint[] ReadPrompt(ref CanonicalReader reader)
    {
        if (reader.Byte() != PromptOpen)
        {
            reader.Fail();
        }

        return ReadTokens(ref reader, JobParameters.PromptTokensMax);
    }

    /// <summary>The bytes are asked for before the array is: a false count costs the sender, not us.</summary>
    private static uint[] ReadTokens(ref CanonicalReader reader, int countMax)
    {
        int count = reader.Count(countMax);
        CanonicalReader items = new(reader.Raw(count * sizeof(uint)));
        uint[] tokens = new uint[reader.Failed ? 0 : count];
        for (int i = 0; i < tokens.Length; i++)
        {
            tokens[i] = items.UInt32();
        }

        return tokens;
    }

    private static SamplingParameters ReadSampling(ref CanonicalReader reader) => new()
    {
        TemperatureMillionths = reader.UInt32(),
        TopPMillionths = reader.UInt32(),
        TopK = reader.UInt32(),
        MinPMillionths = reader.UInt32(),
        RepetitionPenaltyMillionths = reader.UInt32(),
        PresencePenaltyMillionths = reader.Int32(),
        FrequencyPenaltyMillionths = reader.Int32(),
        LogitBiases = ReadBiases(ref reader),
        ClientSeed = ReadSeed(ref reader),
    };

    private static LogitBias[] ReadBiases(ref CanonicalReader reader)
    {
        LogitBias[] biases = new LogitBias[reader.Count(SamplingParameters.LogitBiasMax)];
        for (int i = 0; i < biases.Length; i++)
        {
            biases[i] = new LogitBias(reader.UInt32(), reader.Int32());
        }

        return biases;
    }

    private static Hash256? ReadSeed(ref CanonicalReader reader)
    {
        byte present = reader.Byte();
        if (present > 1)
        {
            reader.Fail();
        }

        return present == 1 ? reader.Hash() : null;
    }

    private static string[] ReadStopStrings(ref CanonicalReader reader)
    {
        string[] texts = new string[reader.Count(JobParameters.StopStringsMax)];
        for (int i = 0; i < texts.Length; i++)
        {
            texts[i] = reader.Text(JobParameters.StopStringBytesMax);
        }

        return texts;
    }

    private static Hash256[] ReadClasses(ref CanonicalReader reader)
    {
        Hash256[] classes = new Hash256[reader.Count(JobParameters.NumericsClassesMax)];
        for (int i = 0; i < classes.Length; i++)
        {
            classes[i] = reader.Hash();
        }

        return classes;
    }

    private static PublicKey ReadKey(ref CanonicalReader reader)
    {
        if (!PublicKey.TryFromBytes(reader.Raw(PublicKey.Bytes), out PublicKey key))
        {
            reader.Fail();
        }

        return key;
    }
}
