using System.CommandLine;
using ImplicitNet.Cli;
using ImplicitNet.Cli.Screens;

namespace ImplicitNet.Tests.Cli;

public sealed class OptionTests
{
    [Theory]
    [InlineData("--learning-rate", "-1", "--learning-rate must be a finite number above 0; given -1.")]
    [InlineData("--learning-rate", "NaN", "--learning-rate must be a finite number above 0; given NaN.")]
    [InlineData("--learning-rate", "Infinity", "given Infinity")]
    [InlineData("--learning-rate", "1e999", "given 1e999")]
    [InlineData("--learning-rate", "fast", "given fast")]
    [InlineData("--epochs", "0", "--epochs must be a whole number of at least 1; given 0.")]
    [InlineData("--epochs", "1.5", "given 1.5")]
    [InlineData("--epochs", "99999999999", "given 99999999999")]
    [InlineData("--weight-decay", "-0.1", "at least 0")]
    [InlineData("--average", "1", "above 0 and below 1")]
    [InlineData("--gamma", "1", "--gamma must be a number above 0 and below 1; given 1.")]
    [InlineData("--tolerance", "0", "--tolerance must be")]
    [InlineData("--damping", "1.1", "at most 1")]
    [InlineData("--shift", "17", "from 0 to 16")]
    [InlineData("--schedule", "linear", "--schedule must be cosine or constant; given linear.")]
    [InlineData("--data", "imagenet", "--data must be digits, mnist, fashion-mnist, cifar10, svhn, ellipses, mazes:N, sums:N, annuli, swap, csv:FILE or text:FILE; given imagenet.")]
    [InlineData("--device", "tpu", "--device must be cpu or cuda; given tpu.")]
    [InlineData("--threads", "0", "from 1 to 1024")]
    [InlineData("--seed", "x", "given x")]
    [InlineData("--frobnicate", "1", "'--frobnicate' is not understood")]
    public void A_bad_option_is_refused_in_one_line_that_names_it(string option, string value, string expected) =>
        CliRun.Of("train", option, value).Failed(2, expected, "train --help");

    [Theory]
    [InlineData("fly")]
    [InlineData("evaluate")]
    [InlineData("predict", "x.png")]
    [InlineData("predict", "--model", "x")]
    [InlineData("evaluate", "--model", "x", "--split", "all")]
    public void A_command_that_is_not_understood_is_refused(params string[] arguments) => CliRun.Of(arguments).Failed(2, "--help");

    [Fact]
    public void Every_option_of_every_command_without_its_value_is_refused_in_one_line_that_names_it()
    {
        Command root = CommandLine.Root(Terminal.Plain(TextWriter.Null, TextWriter.Null), CancellationToken.None);
        (Command Command, Option Option)[] valued =
        [
            .. root.Subcommands.SelectMany(command => command.Options.Where(option => option.Arity.MinimumNumberOfValues > 0)
                .Select(option => (command, option))),
        ];
        Assert.InRange(valued.Length, 100, 300);
        foreach ((Command command, Option option) in valued)
        {
            foreach (string name in option.Aliases.Prepend(option.Name))
            {
                CliRun.Of(command.Name, name).Failed(2, $"error: {option.Name} needs a value, <", $"See 'implicitnet {command.Name} --help'.");
            }
        }
    }

    [Theory]
    [InlineData("-p kepler -p boggs")]
    [InlineData("--model a --model b")]
    [InlineData("--problem kepler --model")]
    public void Two_values_for_one_are_refused_like_none(string arguments) => CliRun.Of(["solve", .. arguments.Split(' ')]).Failed(2, "solve --help");

    [Theory]
    [InlineData("predict", "error: predict needs <image>... and --model <folder>. See")]
    [InlineData("predict --model x", "error: predict needs <image>.... See")]
    [InlineData("predict a.png", "error: predict needs --model <folder>. See")]
    [InlineData("evaluate", "error: evaluate needs --model <folder>. See")]
    [InlineData("reproduce mnist", "error: reproduce needs --hours <number>. See")]
    public void What_a_command_needs_is_named(string arguments, string expected) => CliRun.Of(arguments.Split(' ')).Failed(2, expected);

    [Fact]
    public void A_device_that_is_not_there_is_refused()
    {
        Assert.SkipWhen(TorchSharp.torch.cuda.is_available(), "there is a CUDA device");
        using TemporaryFolder folder = new();
        CliRun.Of("train", "--device", "cuda", "--output", folder["run"]).Failed(1, "--device cuda");
        Assert.Empty(folder.Names);
    }
}
