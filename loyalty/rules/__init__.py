"""What a fact is worth: each rule takes the programme, the member's state and a fact."""
