using System.CommandLine;
using ImplicitNet.Cli.Kinds;
using ImplicitNet.Cli.Options;
using ImplicitNet.Cli.Screens;
using ImplicitNet.Cli.Settings;
using ImplicitNet.Files;
using ImplicitNet.Models;
using ImplicitNet.Networks;
using ImplicitNet.Training.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Cli.Commands;

/// <summary>generate: a text that a text model goes on with. Standard output has the text alone.</summary>
internal sealed class GenerateCommand(Terminal terminal, CancellationToken cancellation)
{
    private const int UsualLength = 500;

    private readonly Option<string> _model = ModelOption.Create();
    private readonly Option<string> _prompt =
        new("--prompt", "-p") { Description = "What the text begins with.", HelpName = "text", Required = true };
    private readonly Option<int?> _length = NumberOption.Whole("--length", $"Characters to write (default: {UsualLength}).");
    private readonly Option<double?> _temperature = NumberOption.Create<double>(
        "--temperature",
        "How freely characters are drawn: by the model's own probabilities at 1, the likeliest alone at 0 (default: 1).",
        new NumberRange { Least = 0 });
    private readonly Option<long?> _seed =
        RunSetting.Option<long?>(nameof(RunSettings.Seed), "Seed of what is drawn: the same one writes the same text (default: 1).");
    private readonly Option<int?> _threads = RunSetting.Option<int?>(nameof(RunSettings.Threads));
    private readonly Option<string?> _device = RunSetting.Option<string?>(nameof(RunSettings.Device));
    private readonly SolveOptions _solve = new(isOfOneKind: true);

    public Command Create()
    {
        Command command = new(
            "generate", "Go on with a text by a text model. Standard output has the prompt and what follows it, and nothing else.")
        {
            _model, _prompt, _length, _temperature, _seed,
        };
        _solve.AddTo(command);
        command.Add(_threads);
        command.Add(_device);
        command.SetAction(Run);
        HelpWithExamples.AddTo(
            command,
            "implicitnet generate --model runs/plays --prompt Romeo:",
            "implicitnet generate --model runs/plays --prompt Romeo: --length 2000 --temperature 0.8 --seed 7");
        return command;
    }

    private int Run(ParseResult parsed)
    {
        string folder = parsed.GetRequiredValue(_model), prompt = parsed.GetRequiredValue(_prompt);
        SavedModel model = SavedModel.In(folder);
        if (model.Config is not ModelConfig { Network: TextModelOptions options } config)
        {
            throw new CommandException(
                $"{folder} is a model for {RunKinds.Of(model.Config.Options).Name}; generate goes on with {TextKind.Texts}.",
                ExitCodes.Usage);
        }

        Vocabulary vocabulary = Vocabulary.Of(options.Characters);
        long[] read = Encoded(prompt, vocabulary);
        Device device = DeviceChoice.Open(parsed.GetValue(_device) ?? DeviceChoice.Processor);
        terminal.IsQuiet = true;
        DeviceChoice.SetThreads(parsed.GetValue(_threads), terminal);
        using ImplicitNetwork network = model.LoadImplicit();
        network.to(device);
        _solve.Apply(parsed, config, network);
        using TextContinuation text = new(network, options, cancellation);
        terminal.Write(prompt);
        string last = prompt;
        RandomNumbers random = new(parsed.GetValue(_seed) ?? 1, part: 0, index: 0);
        try
        {
            for (int left = parsed.GetValue(_length) ?? UsualLength; left > 0; left--)
            {
                cancellation.ThrowIfCancellationRequested();
                read = [Drawn(text.Read(read), parsed.GetValue(_temperature) ?? 1, random, folder)];
                terminal.Write(last = vocabulary.Decode(read));
            }
        }
        finally
        {
            if (!last.EndsWith('\n'))
            {
                terminal.Write("\n");
            }
        }

        if (text.Unconverged > 0)
        {
            terminal.Error.WriteLine(
                $"{Display.Count(text.Unconverged)} of {Display.Counted(text.Solves, "solve")} did not come to the tolerance within "
                + $"{Display.Counted(network.Stopping.MaxSteps, "step")}, and the text was written from where they ended; "
                + "a larger --max-steps or --tolerance may help.");
        }

        return ExitCodes.Success;
    }

    private static long[] Encoded(string prompt, Vocabulary vocabulary)
    {
        if (prompt.Length == 0)
        {
            throw new CommandException("--prompt is empty: a text begins with one character at least.", ExitCodes.Usage);
        }

        try
        {
            return vocabulary.Encode(prompt);
        }
        catch (ArgumentException exception)
        {
            throw new CommandException($"--prompt: {JsonShape.Line(exception)}", ExitCodes.Usage, exception);
        }
    }

    /// <summary>A character by its probability; at temperature 0 the likeliest, of several the first.</summary>
    private static long Drawn(double[] logits, double temperature, RandomNumbers random, string folder)
    {
        if (!Array.TrueForAll(logits, double.IsFinite))
        {
            throw new CommandException($"{folder}: what the model says of the next character is not finite; its solve has run away.");
        }

        double most = logits.Max();
        if (temperature == 0)
        {
            return Array.IndexOf(logits, most);
        }

        double[] weights = [.. logits.Select(logit => Math.Exp((logit - most) / temperature))];
        double left = random.NextUnit() * weights.Sum();
        int drawn = 0;
        while (drawn < weights.Length - 1 && left >= weights[drawn])
        {
            left -= weights[drawn++];
        }

        return drawn;
    }
}
