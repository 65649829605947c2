namespace ImplicitNet.Cli.Options;

/// <summary>What an option is about: the headings of the help, in their order.</summary>
internal enum OptionGroup
{
    Model,
    Problem,
    Data,
    Network,
    Solver,
    Gradient,
    Training,
    Checks,
    Run,
    Output,
}
