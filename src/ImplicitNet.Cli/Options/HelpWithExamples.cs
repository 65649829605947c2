using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace ImplicitNet.Cli.Options;

/// <summary>The help of a command, with examples and exit codes below it.</summary>
internal sealed class HelpWithExamples : SynchronousCommandLineAction
{
    private readonly HelpAction _help;
    private readonly IReadOnlyList<string> _examples;

    private HelpWithExamples(HelpAction help, IReadOnlyList<string> examples) => (_help, _examples) = (help, examples);

    public static void AddTo(Command command, params IReadOnlyList<string> examples)
    {
        if (command.Options.OfType<HelpOption>().FirstOrDefault() is not { } option)
        {
            command.Add(option = new HelpOption());
        }

        HelpAction help = new() { MaxWidth = 100 };
        option.Action = new HelpWithExamples(help, examples);
    }

    public override int Invoke(ParseResult parseResult)
    {
        int code = _help.Invoke(parseResult);
        TextWriter output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        foreach (string example in _examples)
        {
            output.WriteLine($"  {example}");
        }

        output.WriteLine();
        output.WriteLine("Exit codes:");
        foreach ((int exit, string meaning) in ExitCodes.All)
        {
            output.WriteLine($"  {exit,-4} {meaning}");
        }

        return code;
    }
}
