create type amazon_wrapped as ("OfferChangeTrigger" amazon_trigger);

comment on type amazon_wrapped is
'What a Payload wraps, of a type that bears on no state.';
