namespace ImplicitNet.Flows;

/// <summary>How a solution was computed, for its gradient.</summary>
/// <param name="Tableau">The method.</param>
/// <param name="Steps">The lengths of steps.</param>
/// <param name="Event">What ends samples.</param>
/// <param name="Report">The report, of one sample for a coupled field.</param>
/// <param name="WritesState">Whether the field writes into the state that it is given.</param>
internal sealed record FlowOrigin(ButcherTableau Tableau, StepController Steps, FlowEvent? Event, FlowReport Report, bool WritesState);
