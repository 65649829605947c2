using ImplicitNet.Cli;
using ImplicitNet.Cli.Commands;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Training.Data;

namespace ImplicitNet.Tests.Cli;

/// <summary>generate: a text, and nothing else.</summary>
[Collection(nameof(TinyText))]
public sealed class GenerateCommandTests(TinyText tiny) : TensorTest
{
    [Fact]
    public void The_prompt_and_as_many_characters_as_asked_for_are_all_that_is_printed()
    {
        string written = Written("--prompt", "The cat\n", "--length", "90");
        Assert.StartsWith("The cat\n", written, StringComparison.Ordinal);
        string all = File.ReadAllText(tiny.File);
        Assert.All(written, letter => Assert.Contains(letter, all));
        Assert.InRange(written.Length, "The cat\n".Length + 90, "The cat\n".Length + 91);
        Assert.InRange(Written("--prompt", "The cat").Length, "The cat".Length + 500, "The cat".Length + 501);
    }

    [Fact]
    public void A_seed_writes_the_same_text_and_without_temperature_every_seed_does()
    {
        string[] drawn = [.. ((string[])["1", "1", "2"]).Select(seed => Written("--prompt", "The ", "--length", "30", "--seed", seed))];
        Assert.Equal(drawn[0], drawn[1]);
        Assert.NotEqual(drawn[0], drawn[2]);
        Assert.Equal(drawn[0], Written("--prompt", "The ", "--length", "30"));
        string[] likeliest = [.. ((string[])["1", "2"]).Select(seed => Written("--prompt", "The ", "--length", "30", "--temperature", "0", "--seed", seed))];
        Assert.Equal(likeliest[0], likeliest[1]);
        Assert.Equal(likeliest[0], Written("--prompt", "The ", "--length", "30", "--temperature", "1e-300"));
    }

    /// <summary>A token's fixed point depends on nothing behind it: as long as no window is full, to remember is to read again.</summary>
    [Fact]
    public void To_remember_fixed_points_is_to_read_all_of_it_again()
    {
        ModelConfig config = (ModelConfig)ModelFolder.LoadConfig(tiny.Path) with { RelativeTolerance = 1e-6, MaxSteps = 500 };
        TextModelOptions options = (TextModelOptions)config.Network;
        using ImplicitNetwork network = ModelFolder.LoadNetwork(tiny.Path, config);
        using TextContinuation remembering = new(network, options, default), again = new(network, options, default) { HasMemory = false };
        long[] next = Vocabulary.Of(options.Characters).Encode("The c");
        for (int read = next.Length; read <= options.Length; read++)
        {
            double[] first = remembering.Read(next), second = again.Read(next);
            Assert.All(first.Zip(second), pair => Assert.Equal(pair.First, pair.Second, 1e-4));
            Assert.Equal(Array.IndexOf(first, first.Max()), Array.IndexOf(second, second.Max()));
            next = [Array.IndexOf(first, first.Max())];
        }

        Assert.Equal((12, 0, 12, 0), (remembering.Solves, remembering.Unconverged, again.Solves, again.Unconverged));
    }

    [Fact]
    public void A_prompt_longer_than_a_window_counts_by_its_end()
    {
        string end = "hears the old bi";
        Assert.Equal(
            Written("--prompt", end, "--length", "30")[end.Length..],
            Written("--prompt", "The fox hears the old bird.\nThe dog " + end, "--length", "30")["The fox hears the old bird.\nThe dog ".Length..][end.Length..]);
    }

    [Fact]
    public void Solves_that_do_not_converge_are_told_beside_the_text()
    {
        CliRun run = CliRun.Of("generate", "--model", tiny.Path, "--prompt", "The ", "--length", "5", "--max-steps", "1");
        Assert.Equal((0, "The ".Length + 5), (run.Code, run.Output.TrimEnd('\n').Length));
        Assert.Equal(
            "5 of 5 solves did not come to the tolerance within 1 step, and the text was written from where they ended; a larger --max-steps or --tolerance may help.\n",
            run.Error);
    }

    [Theory]
    [InlineData("--prompt is empty", "--prompt", "")]
    [InlineData("--prompt: 'é' (U+00E9) at place 4 of the text is none of the", "--prompt", "The é")]
    [InlineData("--prompt: U+000D at place 0 of the text is none of the", "--prompt", "\r\n")]
    [InlineData("--temperature must be a finite number of at least 0; given -0.5.", "--prompt", "The", "--temperature", "-0.5")]
    [InlineData("--temperature must be a finite number of at least 0; given NaN.", "--prompt", "The", "--temperature", "NaN")]
    [InlineData("--temperature must be a finite number of at least 0; given 1e999.", "--prompt", "The", "--temperature", "1e999")]
    [InlineData("--length must be a whole number of at least 1; given 0.", "--prompt", "The", "--length", "0")]
    [InlineData("generate needs --prompt <text>.")]
    public void What_cannot_be_gone_on_with_is_refused_in_a_line(string expected, params string[] options)
    {
        CliRun run = CliRun.Of(["generate", "--model", tiny.Path, .. options]).Failed(ExitCodes.Usage, expected);
        Assert.Empty(run.Output);
    }

    [Fact]
    public void Another_model_is_refused_by_what_it_is_for()
    {
        using TemporaryFolder folder = new();
        ModelConfig config = new() { Data = "mazes:9", Network = new GridSolverOptions() };
        using ImplicitNetwork network = config.CreateNetwork();
        ModelFolder.Save(folder.Path, config, network);
        CliRun.Of("generate", "--model", folder.Path, "--prompt", "The").Failed(
            ExitCodes.Usage, $"{folder.Path} is a model for mazes and sums; generate goes on with texts.");
    }

    private string Written(params string[] options) => CliRun.Of(["generate", "--model", tiny.Path, "--threads", "1", .. options]).Succeeded().Output;
}
